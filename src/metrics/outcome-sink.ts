/**
 * Receives the workflow's events: the one authority for outcomes of steps and runs.
 *
 * 1. Events arrive at least once; a fact is counted once, because it is claimed first.
 * 2. The claim is written before the workflow task is answered, so a kill afterwards loses nothing.
 * 3. Whoever watches gets each event once, in order, even with metrics off.
 */

import { ENDINGS } from '../model/endings.ts';
import { isSuccess } from '../model/outcome.ts';
import { CLAIM_KEYS } from './counting.ts';

import type { RunEvent, RunKey } from '../model/events.ts';
import type { Claim } from '../store/store.ts';
import type { Counting } from './counting.ts';
import type { Telemetry } from './telemetry.ts';

/** Fits `sinks` of a worker, for `EventSinks`. */
export type InjectedEventSinks = {
  readonly events: {
    readonly emit: {
      fn(info: unknown, key: RunKey, events: readonly RunEvent[]): Promise<void>;
      readonly callDuringReplay: false;
    };
  };
};

export type Metering = {
  readonly telemetry: Telemetry;
  readonly counting: Counting;
  /** This process's exporter, written into each claim. */
  readonly exporter: string;
};

/** Starts of runs whose seen events are remembered. */
const STARTS_REMEMBERED = 200;

/** The sinks of a worker. Without `metering` (exporter off) nothing is claimed or counted. */
export function makeEventSinks({
  metering,
  onEvent,
}: {
  readonly metering?: Metering;
  readonly onEvent?: (key: RunKey, event: RunEvent) => void;
}): InjectedEventSinks {
  const isNew = makeSeen();
  return {
    events: {
      emit: {
        callDuringReplay: false,
        async fn(_info, key, events) {
          const fresh = events.filter((event) => isNew(key, event));
          try {
            for (const event of fresh) onEvent?.(key, event);
          } finally {
            for (const event of fresh) {
              if (metering !== undefined) await meter(metering, key, event);
            }
          }
        },
      },
    },
  };
}

async function meter(
  { telemetry, counting, exporter }: Metering,
  key: RunKey,
  event: RunEvent,
): Promise<void> {
  const { runId, generation, job, profile } = key;
  const about = { runId, job, profile, atMs: event.atMs, exporter };
  switch (event.type) {
    case 'run_started':
      telemetry.seed(event.shape);
      telemetry.runStarted(key, event.atMs);
      return;
    case 'step_started':
      return; // The interceptor shows what runs: a gauge of another process's step would stay for ever.
    case 'attempt_ended':
      telemetry.stepStopped(key, event.step);
      if (!ENDINGS[event.result].unheard) return;
      return counting.count(CLAIM_KEYS.attempt(generation, event.step, event.attempt), {
        ...about,
        type: 'attempt',
        step: event.step,
        kind: '',
        result: event.result,
        // Nobody measured it; where its worker did, that claim is there already.
        durationMs: 0,
        observed: ENDINGS[event.result].observed,
      } satisfies Claim);
    case 'step_ended': {
      const { outcome } = event;
      telemetry.stepStopped(key, outcome.step);
      const claimKey = isSuccess(outcome.status)
        ? CLAIM_KEYS.success(outcome.step)
        : CLAIM_KEYS.failure(generation, outcome.step);
      return counting.count(claimKey, { ...about, type: 'outcome', outcome });
    }
    case 'run_ended':
      return counting.count(CLAIM_KEYS.run(generation), {
        ...about,
        type: 'run',
        status: event.status,
        startedAtMs: event.atMs - event.durationMs,
        durationMs: event.durationMs,
      });
  }
}

/** Answers true for the first delivery of each event. */
function makeSeen(): (key: RunKey, event: RunEvent) => boolean {
  const starts = new Map<string, Set<string>>();
  return ({ runId, generation }, event) => {
    const start = `${runId} ${generation}`;
    const seen = starts.get(start) ?? new Set<string>();
    starts.set(start, seen);
    for (const oldest of starts.keys()) {
      if (starts.size <= STARTS_REMEMBERED) break;
      starts.delete(oldest);
    }
    const identity = identityOf(event);
    if (seen.has(identity)) return false;
    seen.add(identity);
    return true;
  };
}

function identityOf(event: RunEvent): string {
  switch (event.type) {
    case 'run_started':
    case 'run_ended':
      return event.type;
    case 'step_started':
    case 'attempt_ended':
      return `${event.type} ${event.step} ${event.attempt}`;
    case 'step_ended':
      return `${event.type} ${event.outcome.step}`;
  }
}
