/** What the steps of a run wrote, as it lies beside its record and, of other machines, in a store that they share. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../../model/errors.ts';
import { filePathOf } from '../../model/nested.ts';
import { flatSteps } from '../../model/run-record.ts';

import type { RunRecord } from '../../model/run-record.ts';
import type { StepLogs } from '../../store/store.ts';

/**
 * Text by step, of one (or of one of its items: `score[17]`) or of all that wrote any. A step of a profile that is a step
 * is found by its id alone, too, as alerts name it: `mine` for `north/mine`. @throws UserError BAD_USAGE for a step that
 * wrote none
 */
export async function readLogs(
  folder: string,
  record: RunRecord,
  only?: string,
  kept?: StepLogs,
): Promise<Readonly<Record<string, string>>> {
  const logs = join(folder, 'logs');
  const names = flatSteps(record.steps).map(({ name }) => name);
  const isOfItem = only?.includes('[') === true;
  const isId = only !== undefined && !isOfItem && !names.some((name) => isOf(name, only));
  const isWanted = (name: string): boolean => {
    if (only === undefined) return !name.includes('[');
    return isId ? name.endsWith(`/${only}`) : isOf(name, only);
  };
  const others = (await kept?.others(record.run_id, isWanted)) ?? new Map<string, string>();
  const texts: Record<string, string> = {};
  for (const name of isOfItem ? [only] : names.filter(isWanted)) {
    // Beside the logs of steps lie folders with those of items.
    const own = await readFile(join(logs, `${filePathOf(name)}.log`), 'utf8').catch(() => '');
    const text = (others.get(name) ?? '') + own;
    if (text !== '') texts[name] = text;
  }
  if (only === undefined || Object.keys(texts).length > 0) return texts;
  if (isOfItem) {
    throw new UserError('BAD_USAGE', `item ${only} of run ${record.run_id} has written no log`, {
      hint: 'Items that go well write one only if they have something to say.',
    });
  }
  const there = Object.keys(await readLogs(folder, record, undefined, kept));
  throw new UserError('BAD_USAGE', `step '${only}' of run ${record.run_id} has written no log`, {
    hint: `These have: ${there.join(', ') || 'none'}`,
  });
}

/** The step itself, or one of the profile that it is. */
function isOf(name: string, step: string): boolean {
  return name === step || name.startsWith(`${step}/`);
}
