/** `status`, `list`, `pause`, `resume`, `cancel` of backfills and of batches: looks at them, and acts on one in whatever process it goes on. */

import { openProject } from '../../index.ts';
import { idOf } from '../../run/many/many-records.ts';
import { driveAndShow } from '../drive-and-show.ts';
import { placeOf } from '../place.ts';
import { projectOptions } from '../project-options.ts';
import { headLine, listLines, manyJson, tableLines } from '../render/many-table.ts';
import { makePaint } from '../render/paint.ts';

import type { ManyEnded, ManyRecord, ManyReport, Project, RunOptions } from '../../index.ts';
import type { Many } from '../../run/many/many-records.ts';
import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

type Command = (flags: GlobalFlags, settings: Settings, io: Io, id?: string) => Promise<number>;

export type ManyCommands = {
  /** Every run of one, from its record. */
  readonly status: Command;
  /** Those of the state folder, newest first. */
  readonly list: Command;
  /** Begins nothing more of it. */
  readonly pause: Command;
  /** Ends the pause of one that goes on; drives one that was left; makes what one that is over did not make. */
  readonly resume: Command;
  /** Cancels it with all its runs. */
  readonly cancel: Command;
};

/** What the two kinds have alike. */
type Those = Pick<Project['batches'], 'pause' | 'goOn' | 'cancel'> & {
  report(id?: string): Promise<ManyReport>;
  list(): Promise<readonly ManyRecord[]>;
  resume(id: string, options: RunOptions): Promise<ManyEnded>;
};

/** The commands of one kind; each answers the exit code. @throws UserError BACKFILL_NOT_FOUND */
export function commandsOf(what: Many): ManyCommands {
  const those = (project: Project): Those =>
    what === 'batch' ? project.batches : project.backfills;
  const idName = `${what}_id`;
  return {
    status: async (_, settings, io, id) => {
      const report = await within(settings, io, (project) => those(project).report(id));
      if (settings.json) io.out(JSON.stringify(manyJson(report), null, 2));
      else {
        const paint = makePaint(io.results.color);
        const page = { ...io, ...io.results };
        io.say(paint.dim(headLine(report, page)));
        for (const line of tableLines(report, page, paint)) io.out(line);
      }
      return 0;
    },
    list: async (_, settings, io) => {
      const found = await within(settings, io, (project) => those(project).list());
      const names = what === 'batch' ? 'batches' : 'backfills';
      if (settings.json) {
        io.out(JSON.stringify({ [names]: found }, null, 2));
        return 0;
      }
      if (found.length === 0) io.say(`no ${names} yet; \`builder_cli ${what}\` makes one`);
      const [head = '', ...lines] = listLines(found, { ...io.results, cwd: io.cwd });
      if (lines.length > 0) io.say(makePaint(io.color).dim(head));
      for (const line of lines) io.out(line);
      return 0;
    },
    pause: async (_, settings, io, given) => {
      const id = await within(settings, io, async (project) => {
        const { record } = await those(project).report(given);
        await those(project).pause(idOf(record));
        return idOf(record);
      });
      if (settings.json) io.out(JSON.stringify({ [idName]: id, pause: 'requested' }));
      else io.say(`asked ${what} ${id} to begin nothing more; builder_cli ${what} resume ${id}`);
      return 0;
    },
    resume: async (__, settings, io, given) => {
      const { record, state } = await within(settings, io, (it) => those(it).report(given));
      const id = idOf(record);
      if (state === 'going on') {
        await within(settings, io, (project) => those(project).goOn(id));
        if (settings.json) io.out(JSON.stringify({ [idName]: id, resume: 'requested' }));
        else io.say(`asked ${what} ${id} to go on`);
        return 0;
      }
      const { project: _, ...place } = placeOf(settings, io.cwd);
      return driveAndShow({
        ...{ ...place, io },
        work: (project, options) => those(project).resume(id, options),
      });
    },
    cancel: async (_, settings, io, given) => {
      const [id, how] = await within(settings, io, async (project) => {
        const { record } = await those(project).report(given);
        return [idOf(record), await those(project).cancel(idOf(record))] as const;
      });
      if (settings.json)
        io.out(JSON.stringify({ [idName]: id, cancel: how === 'asked' ? 'requested' : 'done' }));
      else if (how === 'asked') io.say(`asked ${what} ${id} to cancel`);
      else io.say(`cancelled ${what} ${id}; nothing of it was going on`);
      return 0;
    },
  };
}

/** The commands for the backfill or the batch of this id; undefined for any other. The ids of its runs begin with it. */
export async function commandsFor(
  id: string,
  settings: Settings,
  io: Io,
): Promise<ManyCommands | undefined> {
  const what = await within(settings, io, async ({ backfills, batches }) => {
    const [some, others] = await Promise.all([backfills.list(), batches.list()]);
    return [...some, ...others].find((record) => idOf(record) === id);
  });
  return what === undefined ? undefined : commandsOf('batch_id' in what ? 'batch' : 'backfill');
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
