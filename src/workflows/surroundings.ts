/** What a pipeline gives to the attempts of its steps that are more than one activity. */

import type { DrivePorts } from '../model/drive.ts';
import type { NestedPorts } from '../model/drive-nested.ts';
import type { RunEvent } from '../model/events.ts';
import type { StopCause } from '../model/outcome.ts';

/** What such an attempt tells while it goes on. */
export type Telling = {
  /** When the run must have ended, Unix milliseconds. */
  readonly deadlineMs?: number;
  /** To everyone. */
  readonly emit: (events: readonly RunEvent[]) => void;
  /** To those who ask the workflow: everyone else was told by the children. */
  readonly note: (event: RunEvent) => void;
};

export type Surroundings = Telling &
  Pick<DrivePorts, 'pause' | 'places'> & {
    /** The pipelines in this one: told when it is stopped. */
    readonly onStop: Set<(cause: StopCause) => void>;
    /** Tries a step once, whichever way that goes; `around` is the pipeline that it is a step of. */
    attempt(around: Surroundings, ...about: Parameters<NestedPorts['attempt']>): void;
    /** Tells the attempts in this process that what is within a step is being stopped. */
    stopWithin(within: string): void;
  };
