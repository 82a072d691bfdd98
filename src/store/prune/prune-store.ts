/** The pruning of a store, over its journal and its bytes: each step is in the journal, so it stands by itself. */

import { SUBJECTS } from '../folds/folding.ts';
import { surveyOf } from './survey.ts';
import { droppedOf, sweep } from './sweep.ts';
import { withoutRestored } from './waiting.ts';

import type { Entry } from '../entries.ts';
import type { ResultState } from '../folds/folding.ts';
import type { StoreJournal } from '../journal-store.ts';
import type { StorePruning } from '../pruning.ts';
import type { ArtifactStore } from '../store.ts';
import type { Sweeping } from './sweep.ts';

/** Entries that are appended at once. */
const AT_ONCE = 200;

/** The pruning of a store. `check` throws once another process is at it. */
export function makeStorePruning({
  journal,
  artifacts,
  bytes,
  batches,
  check,
}: Sweeping & {
  readonly journal: StoreJournal;
  readonly artifacts: Pick<ArtifactStore, 'verify'>;
}): StorePruning {
  /** The places in `entries` of those that won. */
  const append = async (entries: readonly Entry[]): Promise<readonly boolean[]> => {
    const won: boolean[] = [];
    for (let i = 0; i < entries.length; i += AT_ONCE) {
      check();
      const verdicts = await journal.append(entries.slice(i, i + AT_ONCE), { sync: true });
      won.push(...verdicts.map((verdict) => verdict.won));
    }
    return won;
  };
  return {
    survey: () => surveyOf(journal, bytes),
    forgetRuns: async (runs) => {
      const atMs = Date.now();
      const won = await append(
        runs.map(({ record, silent }) => {
          const { run_id: runId, generation, job, profile } = record;
          return { type: 'prune', runId, generation, job, profile, atMs, silent };
        }),
      );
      return new Set(runs.flatMap(({ record }, i) => (won[i] === true ? [record.run_id] : [])));
    },
    dropResults: async (results) => {
      const won = await append(
        results.map(({ fingerprint, by }) => ({ type: 'drop', fingerprint, by })),
      );
      return won.filter(Boolean).length;
    },
    restoreResults: async (fingerprints) => {
      await journal.refresh();
      const entries: Entry[] = [];
      for (const fingerprint of fingerprints) {
        const state = journal.state(SUBJECTS.result(fingerprint)) as ResultState | undefined;
        if (state?.was === undefined) continue;
        const refs = Object.values(state.was.result.outputs);
        const there = await Promise.all(refs.map((ref) => artifacts.verify(ref, { deep: true })));
        if (!there.every(Boolean)) continue;
        // It will be found again: whoever finds it began after what its files wait for.
        const restored = await droppedOf(state.was, bytes);
        await batches.write(withoutRestored(await batches.read(), restored));
        entries.push({ type: 'restore', fingerprint });
      }
      return (await append(entries)).filter(Boolean).length;
    },
    sweep: (options) => sweep({ journal, bytes, batches, check }, options),
  };
}
