/**
 * Receives the workflow's events: the one authority for outcomes of steps and runs.
 *
 * 1. Events arrive at least once; a fact is counted once, because of equal entries of the journal the first counts.
 * 2. It is in the journal before the workflow task is answered, so a kill afterwards loses nothing.
 * 3. Whoever watches gets each event once, in order.
 */

import { ENDINGS } from '../model/endings.ts';
import { itemName } from '../model/items.ts';
import { nameIn } from '../model/nested.ts';
import { PROFILE_KIND } from '../model/plan.ts';

import type { Inside, RunEvent, RunKey } from '../model/events.ts';
import type { RunEntry } from '../store/entries.ts';
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
  readonly counting: Counting;
  /** Absent: the exporter is off. */
  readonly telemetry?: Pick<Telemetry, 'seed' | 'seedStep'>;
};

/** Starts of runs whose seen events are remembered. */
const STARTS_REMEMBERED = 200;

/** The sinks of a worker. */
export function makeEventSinks({
  metering: { counting, telemetry },
  onEvent,
}: {
  readonly metering: Metering;
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
            for (const event of fresh)
              if (event.type === 'run_started' && key.aside !== true) telemetry?.seed(event.shape);
            const entries = fresh.flatMap((event) => entryOf(key, event) ?? []);
            if (entries.length > 0) await counting.add(entries);
          }
        },
      },
    },
  };
}

/** What an event adds to the journal; nothing where somebody else has it to say. */
export function entryOf(key: RunKey, event: RunEvent): RunEntry | undefined {
  const { inside = {} } = event as { readonly inside?: Partial<Inside> };
  const about = { ...key, ...inside, atMs: event.atMs };
  switch (event.type) {
    case 'run_started':
      return { ...about, type: 'shape', shape: event.shape };
    case 'items_found': {
      const { step, total, counts } = event;
      return { ...about, type: 'items', step, total, counts };
    }
    case 'items_ended': // Told one by one, by their own workflow.
      return undefined;
    case 'item_ended':
      return { ...about, type: 'item', step: event.step, item: event.item, status: event.status };
    case 'step_waiting': // The worker that waits writes it down.
      return undefined;
    case 'step_started':
      // The worker that executes it writes down that it begins.
      if (event.isProfile !== true) return undefined;
      return { ...about, type: 'step', step: event.step, attempt: event.attempt, began: true };
    case 'attempt_ended': {
      const { measured } = event;
      if (measured === undefined && !ENDINGS[event.result].unheard) return undefined;
      return {
        ...about,
        type: 'attempt',
        step: event.step,
        ...(event.item === undefined ? {} : { item: event.item }),
        kind: measured === undefined ? '' : PROFILE_KIND,
        attempt: event.attempt,
        result: event.result,
        // Nobody measured it; where its worker did, that claim is there already.
        durationMs: 0,
        observed: ENDINGS[event.result].observed,
        ...measured,
      };
    }
    case 'step_ended':
      return { ...about, type: 'outcome', outcome: event.outcome };
    case 'run_ended':
      return {
        ...about,
        type: 'run',
        status: event.status,
        startedAtMs: event.atMs - event.durationMs,
        durationMs: event.durationMs,
      };
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
  const within = 'inside' in event ? event.inside?.within : undefined;
  switch (event.type) {
    case 'run_started':
    case 'run_ended':
      return event.type;
    case 'step_started':
      return `${event.type} ${nameIn(within, event.step)} ${event.attempt}`;
    case 'attempt_ended':
      return `${event.type} ${nameIn(within, itemName(event.step, event.item))} ${event.attempt}`;
    case 'step_waiting':
    case 'items_found':
      return `${event.type} ${nameIn(within, event.step)} ${event.atMs}`;
    case 'items_ended':
      return `${event.type} ${nameIn(within, event.step)} ${event.atMs} ${JSON.stringify(event.counts)}`;
    case 'item_ended':
      return `${event.type} ${nameIn(within, itemName(event.step, event.item))}`;
    case 'step_ended':
      return `${event.type} ${nameIn(within, event.outcome.step)}`;
  }
}
