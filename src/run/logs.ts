/** What the steps of a run wrote, as it lies beside its record. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../model/errors.ts';

import type { RunRecord } from '../model/run-record.ts';

/** Text by step, of one (or of one of its items: `score[17]`) or of all that wrote any. @throws UserError BAD_USAGE for a step that wrote none */
export async function readLogs(
  folder: string,
  record: RunRecord,
  only?: string,
): Promise<Readonly<Record<string, string>>> {
  const logs = join(folder, 'logs');
  const item = /^([a-z][a-z0-9_]*)\[(\d+)\]$/.exec(only ?? '');
  if (only !== undefined && item !== null) {
    const text = await readFile(join(logs, item[1]!, `${item[2]}.log`), 'utf8').catch(() => {
      throw new UserError('BAD_USAGE', `item ${only} of run ${record.run_id} has written no log`, {
        hint: 'Items that go well write one only if they have something to say.',
      });
    });
    return { [only]: text };
  }
  // Beside them lie folders with the logs of items.
  const there = (await readdir(logs).catch(() => [])).flatMap((name) =>
    name.endsWith('.log') ? [name.slice(0, -'.log'.length)] : [],
  );
  const wanted = record.steps.map((step) => step.id).filter((id) => there.includes(id));
  if (only !== undefined && !wanted.includes(only)) {
    throw new UserError('BAD_USAGE', `step '${only}' of run ${record.run_id} has written no log`, {
      hint: `These have: ${wanted.join(', ') || 'none'}`,
    });
  }
  const texts: Record<string, string> = {};
  for (const id of only === undefined ? wanted : [only]) {
    texts[id] = await readFile(join(logs, `${id}.log`), 'utf8');
  }
  return texts;
}
