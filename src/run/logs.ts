/** What the steps of a run wrote, as it lies beside its record and, of other machines, in a store that they share. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../model/errors.ts';

import type { RunRecord } from '../model/run-record.ts';
import type { StepLogs } from '../store/store.ts';

/** An item of a step, as its log is asked for. */
const ITEM = /^([a-z][a-z0-9_]*)\[(\d+)\]$/;

/** Text by step, of one (or of one of its items: `score[17]`) or of all that wrote any. @throws UserError BAD_USAGE for a step that wrote none */
export async function readLogs(
  folder: string,
  record: RunRecord,
  only?: string,
  kept?: StepLogs,
): Promise<Readonly<Record<string, string>>> {
  const logs = join(folder, 'logs');
  const item = ITEM.exec(only ?? '');
  if (only !== undefined && item !== null) {
    const others = await kept?.others(record.run_id, (id) => id === only);
    const own = await readFile(join(logs, item[1]!, `${item[2]}.log`), 'utf8').catch(() => '');
    const text = (others?.get(only) ?? '') + own;
    if (text !== '') return { [only]: text };
    throw new UserError('BAD_USAGE', `item ${only} of run ${record.run_id} has written no log`, {
      hint: 'Items that go well write one only if they have something to say.',
    });
  }
  // Beside them lie folders with the logs of items.
  const there = (await readdir(logs).catch(() => [])).flatMap((name) =>
    name.endsWith('.log') ? [name.slice(0, -'.log'.length)] : [],
  );
  const isWanted = (id: string): boolean => (only === undefined ? !ITEM.test(id) : id === only);
  const others = (await kept?.others(record.run_id, isWanted)) ?? new Map<string, string>();
  const wanted = record.steps
    .map((step) => step.id)
    .filter((id) => there.includes(id) || others.has(id));
  if (only !== undefined && !wanted.includes(only)) {
    throw new UserError('BAD_USAGE', `step '${only}' of run ${record.run_id} has written no log`, {
      hint: `These have: ${wanted.join(', ') || 'none'}`,
    });
  }
  const texts: Record<string, string> = {};
  for (const id of only === undefined ? wanted : [only]) {
    const own = there.includes(id) ? await readFile(join(logs, `${id}.log`), 'utf8') : '';
    texts[id] = (others.get(id) ?? '') + own;
  }
  return texts;
}
