/** Runs and results as entries, for tests of what may go. */

import { ownOwner } from '../../../src/os/owner.ts';
import { fileIn, resultOf } from '../fixtures.ts';

import type { RunRecord } from '../../../src/model/run-record.ts';
import type { ArtifactRef } from '../../../src/model/step-result.ts';
import type { RunEntry } from '../../../src/store/entries.ts';
import type { Store } from '../../../src/store/store.ts';

const about = { job: 'job', profile: 'profile', generation: 1 };

export function recordOf(id: string, changes: Partial<RunRecord> = {}): RunRecord {
  const { pid, born, ...place } = ownOwner();
  return {
    run_id: id,
    job: 'job',
    profile: 'profile',
    status: 'RUNNING',
    state: 'open',
    plan_sha256: 'p',
    params: {},
    started_at: '2026-10-01T00:00:00.000Z',
    steps: [{ id: 'step', kind: 'transform.sql', status: 'WAITING', attempts: 0 }],
    pid,
    pid_born: born,
    pid_place: place,
    generation: 1,
    job_path: '/j',
    profile_path: '/p',
    given_params: [],
    ...changes,
  };
}

export function started(id: string, changes: Partial<RunRecord> = {}): RunEntry {
  return { ...about, atMs: 1, runId: id, type: 'start', record: recordOf(id, changes) };
}

export function stepEnded(id: string, fingerprint: string, step = 'step'): RunEntry {
  return {
    ...about,
    atMs: 1_000,
    runId: id,
    type: 'outcome',
    exporter: '9099',
    outcome: {
      step,
      kind: 'transform.sql',
      status: 'OK',
      fingerprint,
      attempts: 1,
      lost: 0,
      durationMs: 10,
      elapsedMs: 12,
      endedAtMs: 1_000,
    },
  };
}

export function closed(id: string, status: 'OK' | 'FAIL' = 'OK'): RunEntry {
  return { ...about, atMs: 2_000, runId: id, type: 'closed', status, outcomes: [] };
}

/** Stores `text` as the only output of a result of this name. */
export async function stored(
  store: Store,
  folder: string,
  {
    fingerprint,
    runId,
    text,
  }: { readonly fingerprint: string; readonly runId: string; readonly text: string },
): Promise<ArtifactRef> {
  const path = await fileIn(folder, `attempt/${fingerprint}`, text);
  const table = await store.put(path, { format: 'csv' });
  await store.putResult(fingerprint, resultOf({ table }, { runId }, fingerprint));
  return table;
}
