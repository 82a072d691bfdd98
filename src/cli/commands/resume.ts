/** `resume`: goes on with a run under its own id; every finished step is kept, whatever happened to the engine. */

import { UserError } from '../../index.ts';
import { findOpenPartitions, findRun } from '../../run/one/find-run.ts';
import { runAndShow } from '../run-command.ts';
import { runPartitions } from '../run-partitions.ts';
import { commandsFor } from './many-control.ts';

import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

export type ResumeFlags = GlobalFlags & { readonly out?: string; readonly detach?: boolean };

/** Goes on with the run of `--out`, with those of the partitions in it, or with the given one. Answers the exit code. @throws UserError */
export async function resumeCommand(
  { out, detach }: ResumeFlags,
  settings: Settings,
  io: Io,
  runId?: string,
): Promise<number> {
  const detached = detach === true ? { detach } : {};
  if (runId === undefined && out === undefined) {
    throw new UserError('BAD_USAGE', 'resume needs a run id or --out', {
      hint: '`builder_cli runs` lists the runs.',
    });
  }
  if (runId === undefined && out !== undefined) {
    const open = await findOpenPartitions(out, { ...settings, cwd: io.cwd });
    const [first] = open;
    if (first !== undefined) {
      const about = {
        settings: { ...settings, store: first.root },
        io,
        stateDir: { path: first.stateDir },
      };
      return runPartitions(
        about,
        out,
        open.map(({ record }) => ({
          partition: record.partition ?? '',
          work: (project, options) => project.resume(record.run_id, { ...options, ...detached }),
        })),
      );
    }
  }
  const many = runId === undefined ? undefined : await commandsFor(runId, settings, io);
  if (many !== undefined) return many.resume({}, settings, io, runId);
  const found = await findRun({ runId, out }, { ...settings, cwd: io.cwd });
  return runAndShow({
    settings: { ...settings, store: found.root },
    io,
    stateDir: { path: found.stateDir },
    shownOut: out,
    work: (project, options) => project.resume(found.record.run_id, { ...options, ...detached }),
  });
}
