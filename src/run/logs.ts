/** What the steps of a run wrote, as it lies beside its record. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { fileNameOf } from '../model/nested.ts';
import { flatSteps } from '../model/run-record.ts';

import type { RunRecord } from '../model/run-record.ts';

/** Text by step, of one or of all that wrote any. @throws UserError BAD_USAGE for a step that wrote none */
export async function readLogs(
  folder: string,
  record: RunRecord,
  only?: string,
): Promise<Readonly<Record<string, string>>> {
  const logs = join(folder, 'logs');
  const there = (await readdir(logs).catch(() => [])).map((name) => name.replace(/\.log$/, ''));
  const wanted = flatSteps(record.steps)
    .map(({ name }) => name)
    .filter((name) => there.includes(fileNameOf(name)));
  const asked = wanted.filter((name) => only === undefined || isOf(name, only));
  if (only !== undefined && asked.length === 0) {
    throw new UserError('BAD_USAGE', `step '${only}' of run ${record.run_id} has written no log`, {
      hint: `These have: ${wanted.join(', ') || 'none'}`,
    });
  }
  const texts: Record<string, string> = {};
  for (const name of asked) {
    texts[name] = await readFile(join(logs, `${fileNameOf(name)}.log`), 'utf8');
  }
  return texts;
}

/** The step itself, or one of the profile that it is. */
function isOf(name: string, step: string): boolean {
  return name === step || name.startsWith(`${step}/`);
}
