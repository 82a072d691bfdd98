/** `backfill`: makes the partitions of a range as one thing, so many at once; typed again it goes on, or makes what is missing. */

import { AT_MOST_LIMIT, CHOICES } from '../../model/backfill.ts';
import { openProject, UserError } from '../../index.ts';
import { driveAndShow } from '../drive-and-show.ts';
import { placeOf } from '../place.ts';
import { projectOptions } from '../project-options.ts';
import { wholeNumber } from '../settings.ts';

import type { BackfillRequest } from '../../index.ts';
import type { StateDir } from '../../run/definitions/state-dir.ts';
import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

export type BackfillFlags = GlobalFlags & {
  readonly job?: string;
  readonly profile?: string;
  readonly param?: readonly string[];
  readonly out?: string;
  readonly from?: string;
  readonly to?: string;
  readonly missing?: boolean;
  readonly failed?: boolean;
  readonly stale?: boolean;
  readonly all?: boolean;
  readonly atMost?: string;
  readonly dryRun?: boolean;
};

/** Begins a backfill, or goes on with the same one. Answers the exit code. @throws UserError */
export async function backfillCommand(
  flags: BackfillFlags,
  settings: Settings,
  io: Io,
): Promise<number> {
  const { job, out } = flags;
  if (job === undefined || out === undefined) {
    throw new UserError('BAD_USAGE', `backfill needs --${job === undefined ? 'job' : 'out'}`, {
      hint: 'builder_cli backfill --job jobs/sales.yaml --out out/sales --from 2026-01 --to 2026-06',
    });
  }
  const { project: _, ...place } = placeOf(settings, io.cwd, job);
  const request = requestOf({ ...flags, job, out });
  if (flags.dryRun === true) return showChosen(request, { ...place, io });
  return driveAndShow({
    ...{ ...place, io },
    shownOut: out,
    nothing: 'no partition of the range is missing, or what was asked for',
    work: (project, options) => project.backfills.run(request, options),
  });
}

async function showChosen(
  request: BackfillRequest,
  about: { readonly settings: Settings; readonly io: Io; readonly stateDir: StateDir },
): Promise<number> {
  const { settings, io, stateDir } = about;
  const project = openProject({ ...projectOptions(settings, io), stateDir: stateDir.path });
  const partitions = await project.backfills.choose(request);
  await project.close();
  if (settings.json) io.out(JSON.stringify({ partitions }, null, 2));
  else for (const partition of partitions) io.out(partition);
  io.say(
    `${partitions.length} partition${partitions.length === 1 ? '' : 's'} would be made; nothing was started`,
  );
  return 0;
}

function requestOf(
  flags: BackfillFlags & { readonly job: string; readonly out: string },
): BackfillRequest {
  const { job, out, profile, param: params = [], from, to, atMost } = flags;
  const chosen = CHOICES.filter((choice) => flags[choice] === true);
  return {
    ...{ job, out, profile, params, from, to },
    ...(chosen.length === 0 ? {} : { choose: chosen }),
    ...(atMost === undefined ? {} : { atMost: wholeNumber('--at-most', atMost, 1, AT_MOST_LIMIT) }),
  };
}
