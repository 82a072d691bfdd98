/** What the commands that run something share: a project, a terminal over its events, and the process' signals. */

import { openProject, RunLeftOpen, UserError } from '../index.ts';
import { projectOptions } from './project-options.ts';
import { makeTerminal } from './render/terminal.ts';
import { makeSignals } from './signals.ts';

import type { Project, RunEnded, RunOptions } from '../index.ts';
import type { StateDir } from '../run/definitions/state-dir.ts';
import type { Io } from './io.ts';
import type { Terminal } from './render/terminal.ts';
import type { Settings } from './settings.ts';

export type Commanded = {
  readonly settings: Settings;
  readonly io: Io;
  readonly stateDir: StateDir;
};

export type RunCommand = {
  /** `--out` as the user wrote it, or the partition's folder in it. */
  readonly shownOut?: string | undefined;
  readonly work: (project: Project, options: RunOptions) => Promise<RunEnded>;
};

/** Shows one run, whose results go to `io`. Answers the exit code. @throws UserError */
export type ShowRun = (
  run: RunCommand,
  options?: Pick<RunOptions, 'linger'> & { readonly io?: Io },
) => Promise<number>;

/** Runs, or goes on with, a run. Answers the exit code. @throws UserError */
export async function runAndShow({ shownOut, work, ...about }: Commanded & RunCommand) {
  return withRuns(about, (show) => show({ shownOut, work }));
}

/** Opens a project for runs that are shown one after another, and closes it. */
export async function withRuns<T>(
  about: Commanded,
  use: (show: ShowRun, isLeaving: () => boolean) => Promise<T>,
): Promise<T> {
  const { settings, stateDir } = about;
  let terminal: Terminal | undefined;
  const signals = makeSignals(settings.env);
  const project = openProject({
    ...projectOptions(settings, about.io),
    stateDir: stateDir.path,
    onEvent: (event) => {
      // From here on there is something to cancel, and to go on with.
      if (event.type === 'run_opening') signals.listen();
      terminal?.tell(event);
    },
  });
  const show: ShowRun = async ({ shownOut, work }, { io = about.io, ...options } = {}) => {
    const shown = await makeTerminal({ ...about, io, shownOut });
    terminal = shown;
    try {
      const { cancel, suspend } = signals;
      const ended = await work(project, { cancel, suspend, alone: true, ...options });
      if (ended.state === 'detached') return 0;
      return ended.state === 'suspended' ? 130 : ended.exitCode;
    } catch (error) {
      if (!(error instanceof RunLeftOpen)) throw error;
      const { code, message, exitCode, cause } = error;
      throw new UserError(code, message, { exitCode, cause, hint: shown.adviceOn(error) });
    } finally {
      shown.stop();
    }
  };
  try {
    return await use(show, () => signals.cancel.aborted || signals.suspend.aborted);
  } finally {
    // What is over ends with its own code, whatever signal comes while it leaves.
    await project.close();
    signals.stop();
  }
}
