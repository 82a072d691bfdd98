/** Everything a store has on record, read for who decides what may go. Changes nothing. */

import { SUBJECTS } from '../folds/folding.ts';

import type { StoredResult } from '../entries.ts';
import type { LatestState, ResultState } from '../folds/folding.ts';
import type { RunState } from '../folds/run-state.ts';
import type { StoreJournal } from '../journal-store.ts';
import type { StoredFile, Survey, SurveyedResult } from '../pruning.ts';
import type { Bytes } from './bytes.ts';

/** A result without what takes up memory and is not needed here. */
type Named = Pick<StoredResult, 'runId' | 'writtenAtMs' | 'result' | 'item' | 'parts'> & {
  readonly by: string;
};

export type Read = Pick<Survey, 'runs' | 'heard' | 'gone' | 'latest'> & {
  readonly results: readonly Named[];
  /** Results that were dropped, and are not yet out of the journal. */
  readonly dropped: readonly StoredResult[];
};

/** What the journal says. */
export async function readJournal(journal: Pick<StoreJournal, 'refresh' | 'visit'>): Promise<Read> {
  await journal.refresh();
  const runs: Survey['runs'][number][] = [];
  const heard: Survey['heard'][number][] = [];
  const gone: Survey['gone'][number][] = [];
  const results: Named[] = [];
  const dropped: StoredResult[] = [];
  const latest = new Set<string>();
  journal.visit(SUBJECTS.run(''), (subject, state) => {
    const runId = subject.slice(SUBJECTS.run('').length);
    const { record, uses, gone: left, ended, heardMs } = state as RunState;
    if (record !== undefined) {
      runs.push({
        record,
        ...(uses === undefined ? {} : { uses: Object.values(uses) }),
        ...(heardMs === undefined ? {} : { heardMs }),
      });
    } else if (left !== undefined) gone.push({ runId, ...left });
    else if (!ended) heard.push({ runId, heardMs: heardMs ?? 0 });
  });
  journal.visit(SUBJECTS.result(''), (_, state) => {
    const { stored, by, was } = state as ResultState;
    if (stored !== undefined && by !== undefined) {
      const { runId, writtenAtMs, result, item, parts } = stored;
      results.push({
        ...{ runId, writtenAtMs, result, by },
        ...(item === undefined ? {} : { item }),
        ...(parts === undefined ? {} : { parts }),
      });
    } else if (was !== undefined) dropped.push(was);
  });
  journal.visit(SUBJECTS.latestOfAll, (_, state) => {
    latest.add((state as LatestState).fingerprint);
  });
  return { runs, heard, gone, results, dropped, latest };
}

/** The same, with what each result consists of, and how much lies there. */
export async function surveyOf(
  journal: Pick<StoreJournal, 'refresh' | 'visit'>,
  bytes: Pick<Bytes, 'filesOf' | 'textOf' | 'list' | 'journalBytes'>,
): Promise<Survey> {
  const listed = [...(await bytes.list()).values()];
  const { results, runs, heard, gone, latest } = await readJournal(journal);
  const surveyed: SurveyedResult[] = [];
  for (const { runId, writtenAtMs, result, by, item, parts = [] } of results) {
    surveyed.push({
      ...{ fingerprint: result.fingerprint, by, runId, writtenAtMs },
      files: await filesOfResult({ result, parts }, bytes),
      ...(item === undefined ? {} : { isItem: true as const }),
      ...(parts.length === 0 ? {} : { parts: await fingerprintsIn(parts, bytes) }),
    });
  }
  const artifacts = listed.reduce((sum, file) => sum + file.bytes, 0);
  return {
    ...{ runs, heard, gone, latest, results: surveyed },
    bytes: { artifacts, journal: await bytes.journalBytes() },
  };
}

/** Every file that a result names, those of its folders included. */
export async function filesOfResult(
  { result, parts = [] }: Pick<StoredResult, 'result' | 'parts'>,
  { filesOf }: Pick<Bytes, 'filesOf'>,
): Promise<readonly StoredFile[]> {
  const files: StoredFile[] = [];
  for (const ref of parts) files.push(...(await filesOf(ref)));
  for (const ref of Object.values(result.outputs)) files.push(...(await filesOf(ref)));
  return files;
}

/** The results of items that a result was put together of. */
async function fingerprintsIn(
  parts: NonNullable<StoredResult['parts']>,
  { textOf }: Pick<Bytes, 'textOf'>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const ref of parts) {
    for (const [, fingerprint] of (await textOf(ref)).matchAll(/"fingerprint":"([0-9a-f]{64})"/g)) {
      if (fingerprint !== undefined) found.push(fingerprint);
    }
  }
  return found;
}
