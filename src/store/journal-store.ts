/**
 * The part of a store that is its journal: step results by fingerprint, and what happened in runs.
 *
 * 1. A result is appended after its artifacts were stored, so whoever finds one finds them too.
 * 2. One whose artifacts are missing or damaged is dropped and counts as absent: its step runs again.
 * 3. What was written in an earlier boot is hashed again, once: a power loss may have damaged it.
 * 4. A fact that nobody counts is the adopter's: who counts it is said when it is appended, and never changes.
 * 5. A result with artifacts is on disk before it is told; one without is as easily made again.
 */

import { isFact, SUBJECTS } from './folds/folding.ts';
import { runningSteps } from './folds/runs.ts';

import type { Entry, StoredResult } from './entries.ts';
import type { AdopterState, LatestState, ResultState, State } from './folds/folding.ts';
import type { Summary } from './folds/summary.ts';
import type { RunState } from './folds/run-state.ts';
import type { Journal } from './journal/journal.ts';
import type { ArtifactStore, ResultJournal, RunJournal } from './store.ts';

export type StoreJournal = Journal<Entry, State, Summary>;

/** What is remembered of artifacts that were hashed again in this boot. */
export type Soundness = {
  isKnown(fingerprint: string): boolean;
  note(fingerprint: string): Promise<void>;
};

/** More rivals than ever write one fingerprint; beyond it something else misbehaves. */
const MOST_TRIES = 5;

/** Results that are looked up beside each other: of a store elsewhere each is some requests. */
const LOOKUPS_AT_ONCE = 16;
/** Where a look costs a request, what is shown, and who counts, may be so old. */
const CHANGES_OLD_MS = 5_000;
const ADOPTER_OLD_MS = 5_000;

/** The look-ups and appends of a store over a journal. */
export function makeJournalStore({
  journal,
  artifacts,
  soundness,
  bootId,
}: {
  readonly journal: StoreJournal;
  readonly artifacts: Pick<ArtifactStore, 'verify'>;
  readonly soundness: Soundness;
  readonly bootId: string;
}): ResultJournal & RunJournal {
  const isSound = async ({ bootId: writtenIn, result }: StoredResult): Promise<boolean> => {
    const refs = Object.values(result.outputs);
    const deep = writtenIn !== bootId && refs.length > 0 && !soundness.isKnown(result.fingerprint);
    for (const ref of refs) {
      if (!(await artifacts.verify(ref, { deep }))) return false;
    }
    if (deep) await soundness.note(result.fingerprint);
    return true;
  };

  /** By what was read last. */
  const stateNow = (fingerprint: string): ResultState | undefined =>
    journal.state(SUBJECTS.result(fingerprint)) as ResultState | undefined;

  const findResult = async (fingerprint: string): Promise<StoredResult | undefined> => {
    await journal.refresh();
    const state = stateNow(fingerprint);
    if (state?.stored === undefined || state.by === undefined) return undefined;
    if (await isSound(state.stored)) return state.stored;
    // On a disk that cannot be written it stays, and counts as absent all the same.
    await journal.append([{ type: 'drop', fingerprint, by: state.by }]).catch(() => undefined);
    return undefined;
  };

  const putResult = async (fingerprint: string, stored: StoredResult): Promise<StoredResult> => {
    const sync = Object.keys(stored.result.outputs).length > 0;
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const [verdict] = await journal.append([{ type: 'result', fingerprint, stored }], { sync });
      const winner = verdict?.won === true ? stored : await findResult(fingerprint);
      if (winner !== undefined) return winner;
    }
    throw new Error(`the result ${fingerprint} can be neither written nor read`);
  };

  const adopterOf = async (mayBeOldMs: number): Promise<string | undefined> => {
    await journal.refresh({ mayBeOldMs });
    return (journal.state(SUBJECTS.adopter) as AdopterState | undefined)?.exporter;
  };

  /** By what was read last. */
  const recordNow = (runId: string) =>
    (journal.state(SUBJECTS.run(runId)) as RunState | undefined)?.record;

  return {
    findResult,
    findResults: async (fingerprints) => {
      const found = new Map<string, StoredResult>();
      for (let i = 0; i < fingerprints.length; i += LOOKUPS_AT_ONCE) {
        const some = fingerprints.slice(i, i + LOOKUPS_AT_ONCE);
        const results = await Promise.all(some.map(findResult));
        some.forEach((fingerprint, at) => {
          const stored = results[at];
          if (stored !== undefined) found.set(fingerprint, stored);
        });
      }
      return found;
    },
    noted: async (fingerprint) => {
      await journal.refresh();
      const state = stateNow(fingerprint);
      return state?.stored ?? state?.was;
    },
    putResult,
    latestOf: async (job, profile, step, partition) => {
      await journal.refresh();
      const latest = journal.pointer(SUBJECTS.latest(job, profile, step, partition)) as
        LatestState | undefined;
      return latest === undefined ? undefined : stateNow(latest.fingerprint)?.stored;
    },
    append: async (entries, options) => {
      const isUncounted = (entry: Entry): boolean => isFact(entry) && entry.exporter === undefined;
      const adopter = entries.some(isUncounted) ? await adopterOf(ADOPTER_OLD_MS) : undefined;
      const counted = entries.map((entry) =>
        adopter !== undefined && isUncounted(entry) ? { ...entry, exporter: adopter } : entry,
      );
      return journal.append(counted, options);
    },
    run: async (runId) => {
      await journal.refresh();
      return recordNow(runId);
    },
    runs: async ({ limit = Infinity, where = () => true } = {}) => {
      await journal.refresh();
      const rows = journal.summary().runs.toReversed().filter(where).slice(0, limit);
      return rows.flatMap(({ id }) => recordNow(id) ?? []);
    },
    changes: async (cursor) => {
      await journal.refresh({ mayBeOldMs: CHANGES_OLD_MS });
      const changes = journal.changes(cursor);
      if ('all' in changes) return changes;
      const runIds = new Set(
        changes.more.flatMap((entry) => ('runId' in entry ? [entry.runId] : [])),
      );
      const running = [...runIds].map((runId) => {
        const state = journal.state(SUBJECTS.run(runId)) as RunState | undefined;
        return [runId, state === undefined ? [] : runningSteps(state)] as const;
      });
      return { ...changes, running: Object.fromEntries(running) };
    },
    adopter: () => adopterOf(0),
  };
}
