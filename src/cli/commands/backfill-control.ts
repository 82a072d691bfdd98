/** `backfill status`, `list`, `pause`, `resume`, `cancel`: looks at backfills, and acts on one in whatever process it goes on. */

import { openProject } from '../../index.ts';
import { placeOf } from '../place.ts';
import { projectOptions } from '../project-options.ts';
import { backfillJson, headLine, listLines, tableLines } from '../render/backfill-table.ts';
import { makePaint } from '../render/paint.ts';
import { driveAndShow } from './backfill.ts';

import type { Project } from '../../index.ts';
import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

type Command = (flags: GlobalFlags, settings: Settings, io: Io, id?: string) => Promise<number>;

/** Every partition of one, from its record. Answers the exit code. @throws UserError BACKFILL_NOT_FOUND */
export const backfillStatusCommand: Command = async (_, settings, io, id) => {
  const report = await within(settings, io, (project) => project.backfills.report(id));
  if (settings.json) io.out(JSON.stringify(backfillJson(report), null, 2));
  else {
    const paint = makePaint(io.results.color);
    const page = { ...io, ...io.results };
    io.say(paint.dim(headLine(report, page)));
    for (const line of tableLines(report, page, paint)) io.out(line);
  }
  return 0;
};

/** Those of the state folder, newest first. Answers the exit code. */
export const backfillListCommand: Command = async (_, settings, io) => {
  const found = await within(settings, io, (project) => project.backfills.list());
  if (settings.json) {
    io.out(JSON.stringify({ backfills: found }, null, 2));
    return 0;
  }
  if (found.length === 0) io.say('no backfills yet; `builder_cli backfill` makes one');
  const [head = '', ...lines] = listLines(found, { ...io.results, cwd: io.cwd });
  if (lines.length > 0) io.say(makePaint(io.color).dim(head));
  for (const line of lines) io.out(line);
  return 0;
};

/** Begins nothing more of it. Answers the exit code. @throws UserError */
export const backfillPauseCommand: Command = async (_, settings, io, given) => {
  const id = await within(settings, io, async ({ backfills }) => {
    const { backfill } = await backfills.report(given);
    await backfills.pause(backfill.backfill_id);
    return backfill.backfill_id;
  });
  if (settings.json) io.out(JSON.stringify({ backfill_id: id, pause: 'requested' }));
  else io.say(`asked backfill ${id} to begin nothing more; builder_cli backfill resume ${id}`);
  return 0;
};

/** Ends the pause of one that goes on; drives one that was left; makes what one that is over did not make. Answers the exit code. @throws UserError */
export const backfillResumeCommand: Command = async (__, settings, io, given) => {
  const { backfill, state } = await within(settings, io, (it) => it.backfills.report(given));
  const { backfill_id: id } = backfill;
  if (state === 'going on') {
    await within(settings, io, (project) => project.backfills.goOn(id));
    if (settings.json) io.out(JSON.stringify({ backfill_id: id, resume: 'requested' }));
    else io.say(`asked backfill ${id} to go on`);
    return 0;
  }
  const { project: _, ...place } = placeOf(settings, io.cwd);
  return driveAndShow({
    ...{ ...place, io },
    work: (project, options) => project.backfills.resume(id, options),
  });
};

/** Cancels it with all its runs. Answers the exit code. @throws UserError */
export const backfillCancelCommand: Command = async (_, settings, io, given) => {
  const [id, how] = await within(settings, io, async ({ backfills }) => {
    const { backfill } = await backfills.report(given);
    return [backfill.backfill_id, await backfills.cancel(backfill.backfill_id)] as const;
  });
  if (settings.json)
    io.out(JSON.stringify({ backfill_id: id, cancel: how === 'asked' ? 'requested' : 'done' }));
  else if (how === 'asked') io.say(`asked backfill ${id} to cancel`);
  else io.say(`cancelled backfill ${id}; nothing of it was going on`);
  return 0;
};

/** True for the id of one; the ids of its runs begin with it. */
export function isBackfill(id: string, settings: Settings, io: Io): Promise<boolean> {
  return within(settings, io, async ({ backfills }) =>
    (await backfills.list()).some((one) => one.backfill_id === id),
  );
}

async function within<T>(
  settings: Settings,
  io: Io,
  use: (project: Project) => Promise<T>,
): Promise<T> {
  const place = placeOf(settings, io.cwd);
  const options = { ...projectOptions(place.settings, io), stateDir: place.stateDir.path };
  const project = openProject(options);
  try {
    return await use(project);
  } finally {
    await project.close();
  }
}
