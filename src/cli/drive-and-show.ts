/** Drives a backfill or a batch: a project, a screen over its events, and the process' signals. */

import { openProject } from '../index.ts';
import { projectOptions } from './project-options.ts';
import { manyExitCode, manyJson } from './render/many-table.ts';
import { makeManyScreen } from './render/many-screen.ts';
import { makeSignals } from './signals.ts';

import type { ManyEnded, Project, RunOptions } from '../index.ts';
import type { StateDir } from '../run/definitions/state-dir.ts';
import type { Io } from './io.ts';
import type { ManyScreen } from './render/many-screen.ts';
import type { Settings } from './settings.ts';

/** Drives it under this process' signals, and shows it. Answers the exit code. @throws UserError */
export async function driveAndShow(about: {
  readonly settings: Settings;
  readonly io: Io;
  readonly stateDir: StateDir;
  readonly shownOut?: string;
  readonly work: (project: Project, options: RunOptions) => Promise<ManyEnded>;
  /** What the runs are called in JSON; default: partitions. */
  readonly rows?: 'runs' | 'partitions';
  /** Why there may be nothing to make. */
  readonly nothing?: string;
}): Promise<number> {
  const { settings, io, stateDir, work } = about;
  const signals = makeSignals(settings.env);
  let screen: ManyScreen | undefined;
  const project = openProject({
    ...projectOptions(settings, io),
    stateDir: stateDir.path,
    onEvent: (event) => {
      // From here on there is something to cancel, and to go on with.
      if (event.type === 'backfill_opened') signals.listen();
      screen?.tell(event);
    },
  });
  try {
    screen = await makeManyScreen(about);
    const { cancel, suspend } = signals;
    const ended = await work(project, { cancel, suspend });
    screen.stop();
    if (ended.report === undefined) {
      const none = { [about.rows ?? 'partitions']: [], exit_code: 0 };
      if (settings.json) io.out(JSON.stringify(none, null, 2));
      io.say(`nothing to make${about.nothing === undefined ? '' : `: ${about.nothing}`}`);
      return 0;
    }
    if (settings.json) io.out(JSON.stringify(manyJson(ended.report), null, 2));
    return manyExitCode(ended.report);
  } finally {
    screen?.stop();
    await project.close();
    signals.stop();
  }
}
