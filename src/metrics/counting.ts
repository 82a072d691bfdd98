/** Counting a fact exactly once: claim it in the store, and only its creator records it. Never throws. */

import type { Claim, Store } from '../store/store.ts';
import type { Telemetry } from './telemetry.ts';

export type Counting = {
  /** Resolves when the fact is claimed and, if this process created it, recorded. Never rejects. */
  count(key: string, claim: Claim): Promise<void>;
  /** Resolves when everything counted so far is recorded: call it before the last scrape. */
  settled(): Promise<void>;
};

/** The keys under which facts are claimed in a run; `generation` counts the starts of its workflow. */
export const CLAIM_KEYS = Object.freeze({
  attempt: (generation: number, step: string, attempt: number) =>
    `attempt-${generation}-${step}-${attempt}`,
  /** A result is kept by later starts of the run, so it is counted once for all of them. */
  success: (step: string) => `outcome-${step}`,
  failure: (generation: number, step: string) => `outcome-${generation}-${step}`,
  run: (generation: number) => `run-${generation}`,
});

/** Claims facts in `store` and records in `telemetry` those that were not there yet. */
export function makeCounting({
  store,
  telemetry,
}: {
  readonly store: Pick<Store, 'claim'>;
  readonly telemetry: Telemetry;
}): Counting {
  const open = new Set<Promise<void>>();

  async function claimAndRecord(key: string, claim: Claim): Promise<void> {
    let created = true;
    try {
      created = await store.claim(claim.runId, key, claim);
    } catch {
      // Nobody else can have counted it, and a store that fails is when the numbers matter most.
      telemetry.metricsError('claim');
    }
    if (created) telemetry.record(claim);
  }

  return {
    count(key, claim) {
      const counted = claimAndRecord(key, claim).finally(() => open.delete(counted));
      open.add(counted);
      return counted;
    },
    async settled() {
      while (open.size > 0) await Promise.all(open);
    },
  };
}
