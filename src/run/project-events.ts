/** What a project tells of itself, as plain data: for a terminal, a page, a log, or a program that waits. Pure types. */

import type { RunEvent } from '../model/events.ts';
import type { RunRecord } from '../model/run-record.ts';
import type { RunSummary } from '../model/run-summary.ts';
import type { RunMade } from '../model/standing-order.ts';
import type { RunView } from '../model/view.ts';
import type { Applied } from './schedules/difference.ts';
import type { ManyReport } from './many/many-report.ts';

export type ProjectEvent =
  /** The run is about to be on record, or is and is gone on with: whatever ends it from here on leaves it to `resume`. */
  | { readonly type: 'run_opening'; readonly runId: string; readonly out?: string }
  /** An unfinished run of the same plan holds this `--out`; it is gone on with. */
  | { readonly type: 'unfinished_found'; readonly runId: string }
  /** The files of a resumed run say something else than when it began, or are gone. */
  | { readonly type: 'definition_changed' | 'definition_gone'; readonly runId: string }
  /** Why a resumed run starts anew although its workflow may be there. */
  | { readonly type: 'restarting'; readonly runId: string; readonly why: string }
  /** The run has a record. */
  | {
      readonly type: 'run_opened';
      readonly runId: string;
      readonly resumed: boolean;
      readonly job: string;
      readonly profile: string;
      /** Its id; absent where the job is not cut. */
      readonly partition?: string;
      readonly steps: number;
      readonly stateDir: string;
      /** Absolute. */
      readonly out?: string;
      /** Address of `/metrics`. */
      readonly metricsUrl?: string;
    }
  /** Which engine executes; `none`: the store answers for every step. */
  | { readonly type: 'engine'; readonly kind: 'none' }
  | {
      readonly type: 'engine';
      readonly kind: 'embedded' | 'service';
      readonly address: string;
      readonly namespace: string;
    }
  /** The workflow is about to start; `uiUrl` is its page in Temporal's UI, where that is known. */
  | { readonly type: 'run_starting'; readonly runId: string; readonly uiUrl?: string }
  /** Something happened in the run. `view` is the run as it stands after it. */
  | {
      readonly type: 'run_event';
      readonly runId: string;
      readonly event: RunEvent;
      readonly view: RunView;
    }
  | { readonly type: 'run_cancelling'; readonly runId: string }
  /** Nothing gets on for now, or will not later: nobody serves the task queue, or the service does not answer. */
  | {
      readonly type: 'waiting';
      readonly runId: string;
      readonly for: 'worker' | 'deliverer' | 'service' | 'engine';
      readonly taskQueue: string;
    }
  /** The engine has ended; the steps that are being worked on are finished first, so that their work is kept. */
  | {
      readonly type: 'waiting';
      readonly runId: string;
      readonly for: 'steps';
      readonly steps: number;
    }
  /** The run stays open; `resume` goes on with it. */
  | { readonly type: 'run_suspended'; readonly runId: string }
  /** Workers go on with the run; its command leaves. */
  | { readonly type: 'run_detached'; readonly runId: string; readonly taskQueue: string }
  /** The run is over and recorded. */
  | ({ readonly type: 'run_closed' } & RunClosed)
  /** What became of a run that a schedule, backfill or batch ordered; told again where its answer was lost. */
  | {
      readonly type: 'order_made';
      readonly orderId: string;
      /** Of a backfill the partition, of a batch the job, or `job/partition`. */
      readonly label: string;
      readonly made: RunMade;
    }
  /** A backfill or a batch is on record. */
  | {
      readonly type: 'backfill_opened';
      readonly backfillId: string;
      readonly resumed: boolean;
      /** What was asked for, and each run of it as it stands. */
      readonly report: ManyReport;
      readonly atMost: number;
      readonly stateDir: string;
      /** Address of `/metrics`. */
      readonly metricsUrl?: string;
    }
  /** It begins nothing more until it is resumed; or it was. */
  | { readonly type: 'backfill_paused' | 'backfill_resumed'; readonly backfillId: string }
  | { readonly type: 'backfill_cancelling'; readonly backfillId: string }
  /** It is over and recorded. */
  | { readonly type: 'backfill_closed'; readonly report: ManyReport }
  /** It stays open; the same command goes on with it. */
  | { readonly type: 'backfill_left'; readonly backfillId: string }
  /** A worker serves until it is told to stop. */
  | {
      readonly type: 'serving';
      readonly stateDir: string;
      readonly taskQueue: string;
      readonly slots: number;
      readonly delivers: boolean;
      readonly uiUrl?: string;
      readonly metricsUrl?: string;
    }
  /** Schedules in Temporal are now as the job files say. */
  | { readonly type: 'schedules'; readonly changes: readonly Applied[] }
  /** The engine has ended, and is started again; whatever went on goes on. */
  | { readonly type: 'engine_again' }
  | { readonly type: 'stopping' }
  /** It has stopped, and left so many runs open for the next one. */
  | { readonly type: 'stopped'; readonly leftOpen: number }
  /** An order that no command of this state folder gave was refused. */
  | { readonly type: 'refused'; readonly why: string }
  /** A sentence of a part below, such as what is being fetched. */
  | { readonly type: 'said'; readonly text: string };

/** A run that is over. */
export type RunClosed = {
  readonly runId: string;
  readonly summary: RunSummary;
  /** Absent where it could not be written; that is then thrown. */
  readonly record?: RunRecord;
  /** Folder of its record and logs, absolute. */
  readonly folder: string;
  /** As the command line would exit: 0 for OK and WARN. */
  readonly exitCode: number;
  readonly elapsedMs: number;
  readonly engine: 'embedded' | 'service' | 'none';
  readonly metricsUrl?: string;
};

/** How `run` and `resume` end, unless they throw. */
export type RunEnded =
  | ({ readonly state: 'closed'; readonly record: RunRecord } & RunClosed)
  | { readonly state: 'suspended'; readonly runId: string }
  /** It goes on, without a process that waits for it. */
  | { readonly state: 'detached'; readonly runId: string };

export type Tell = (event: ProjectEvent) => void;
