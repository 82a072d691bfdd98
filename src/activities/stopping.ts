/**
 * Tells the attempts of a run in this process that it is being stopped. The server would tell them too, in its answer to
 * a heartbeat: later, and for the price of a write each.
 */

export type RunStart = {
  readonly id: string;
  readonly generation: number;
  /** A profile that is a step: only what is within it. */
  readonly within?: string;
};

export type Stopping = {
  /** Aborted once the run is being stopped, at once if that was told before. `end` when the attempt is over. */
  join(run: RunStart): { readonly signal: AbortSignal; end(): void };
  stop(run: RunStart): void;
};

/** Stopped runs that are remembered, for an attempt that was on its way. */
const MOST_REMEMBERED = 100;

/** For the attempts of one worker. */
export function makeStopping(): Stopping {
  const going = new Map<string, Set<AbortController>>();
  const stopped = new Set<string>();
  return {
    join: (run) => {
      const names = namesOf(run);
      const controller = new AbortController();
      if (names.some((name) => stopped.has(name))) controller.abort(why());
      for (const name of names) {
        const all = going.get(name) ?? new Set();
        going.set(name, all.add(controller));
      }
      return {
        signal: controller.signal,
        end: () => {
          for (const name of names) {
            const all = going.get(name);
            all?.delete(controller);
            if (all?.size === 0) going.delete(name);
          }
        },
      };
    },
    stop: (run) => {
      const name = nameOf(run);
      stopped.add(name);
      const [oldest] = stopped;
      if (stopped.size > MOST_REMEMBERED && oldest !== undefined) stopped.delete(oldest);
      for (const controller of going.get(name) ?? []) controller.abort(why());
    },
  };
}

function nameOf({ id, generation, within = '' }: RunStart): string {
  return `${id} ${generation} ${within}`;
}

/** The run, and each profile that is a step around the attempt. */
function namesOf({ within, ...run }: RunStart): readonly string[] {
  const ids = within?.split('/') ?? [];
  const around = ids.map((_, i) => nameOf({ ...run, within: ids.slice(0, i + 1).join('/') }));
  return [nameOf(run), ...around];
}

function why(): Error {
  return new Error('the run is being stopped');
}
