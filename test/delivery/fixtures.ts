/** A delivery's argument from plain texts, and what then lies at `--out`. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { filesBelow } from '../../src/os/hashing.ts';
import { fileIn, resultOf } from '../store/fixtures.ts';

import type { DeliverFile, DeliverInput } from '../../src/model/step-result.ts';
import type { Store } from '../../src/store/store.ts';

/** Stores each text as a table of a step's result, and answers what `deliver` is told. */
export async function deliveryOf(
  store: Store,
  { folder, out, runId = 'run-1' }: { folder: string; out: string; runId?: string },
  texts: Readonly<Record<string, string>>,
): Promise<DeliverInput> {
  const files: DeliverFile[] = [];
  for (const [path, text] of Object.entries(texts)) {
    const source = await fileIn(folder, `attempt/${path}`, text);
    const rows = text.split('\n').length;
    const artifact = await store.put(source, { format: 'csv', rows, deliver: path, from: 'clean' });
    const fingerprint = artifact.sha256;
    await store.putResult(fingerprint, resultOf({ table: artifact }, {}, fingerprint));
    files.push({ path, artifact, from: 'clean', fingerprint, output: 'table' });
  }
  return inputOf({ out, runId, files });
}

/** What `deliver` is told about files that are stored already. */
export function inputOf(about: {
  readonly out: string;
  readonly runId?: string;
  readonly files: readonly DeliverFile[];
}): DeliverInput {
  const { out, runId = 'run-1', files } = about;
  return {
    plan: {
      job: 'job',
      profile: 'profile',
      params: { country: 'US' },
      run: {
        id: runId,
        date: '2026-01-01',
        generation: 1,
        out,
        deliverQueue: 'queue',
        planSha256: 'plan',
        previousRows: {},
      },
    },
    planSha256: 'plan',
    startedAtMs: 0,
    status: 'OK',
    files,
    outcomes: [],
  };
}

/** Every file below a folder with its text, `run.json` left out unless asked for. */
export async function textsIn(
  folder: string,
  { withRunJson = false } = {},
): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const path of await filesBelow(folder)) {
    if (withRunJson || path !== 'run.json')
      texts[path] = await readFile(join(folder, path), 'utf8');
  }
  return texts;
}
