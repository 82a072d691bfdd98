/** `logs`: what the steps of a run wrote, as it lies beside its record. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../../model/errors.ts';
import { findRun } from '../run/find-run.ts';

import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

/** Prints logs. Answers the exit code. @throws UserError RUN_NOT_FOUND, BAD_USAGE */
export async function logsCommand(
  flags: GlobalFlags & { readonly out?: string; readonly step?: string },
  settings: Settings,
  io: Io,
  runId?: string,
): Promise<number> {
  const { record, stateDir } = await findRun(
    {
      ...(flags.out === undefined ? {} : { out: flags.out }),
      ...(runId === undefined ? {} : { runId }),
    },
    settings,
    io,
  );
  const folder = join(stateDir, 'runs', record.run_id, 'logs');
  const there = (await readdir(folder).catch(() => [])).map((name) => name.replace(/\.log$/, ''));
  const wanted = record.steps.map((step) => step.id).filter((id) => there.includes(id));
  if (flags.step !== undefined && !wanted.includes(flags.step)) {
    throw new UserError(
      'BAD_USAGE',
      `step '${flags.step}' of run ${record.run_id} has written no log`,
      {
        hint: `These have: ${wanted.join(', ') || 'none'}`,
      },
    );
  }
  const logs: Record<string, string> = {};
  for (const id of flags.step === undefined ? wanted : [flags.step]) {
    logs[id] = await readFile(join(folder, `${id}.log`), 'utf8');
  }
  if (settings.json) {
    io.out(JSON.stringify({ run_id: record.run_id, logs }, null, 2));
    return 0;
  }
  for (const [id, text] of Object.entries(logs)) {
    for (const line of text.trimEnd().split('\n')) io.out(`${id}  ${line}`);
  }
  return 0;
}
