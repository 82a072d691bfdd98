/** What the commands that run something share: a project, a terminal over its events, and the process' signals. */

import { openProject, RunLeftOpen, UserError } from '../index.ts';
import { projectOptions } from './project-options.ts';
import { makeTerminal } from './render/terminal.ts';
import { makeSignals } from './signals.ts';

import type { Project, RunEnded, RunOptions } from '../index.ts';
import type { StateDir } from '../run/state-dir.ts';
import type { Io } from './io.ts';
import type { Settings } from './settings.ts';

export type RunCommand = {
  readonly settings: Settings;
  readonly io: Io;
  readonly stateDir: StateDir;
  /** `--out` as the user wrote it. */
  readonly shownOut?: string | undefined;
  readonly work: (project: Project, options: RunOptions) => Promise<RunEnded>;
};

/** Runs, or goes on with, a run. Answers the exit code. @throws UserError */
export async function runAndShow(command: RunCommand): Promise<number> {
  const { settings, io, stateDir, work } = command;
  const terminal = await makeTerminal(command);
  const signals = makeSignals(settings.env);
  const project = openProject({
    ...projectOptions(settings, io),
    stateDir: stateDir.path,
    onEvent: (event) => {
      // From here on there is something to cancel, and to go on with.
      if (event.type === 'run_opening') signals.listen();
      terminal.tell(event);
    },
  });
  try {
    const ended = await work(project, { cancel: signals.cancel, suspend: signals.suspend });
    return ended.state === 'suspended' ? 130 : ended.exitCode;
  } catch (error) {
    if (!(error instanceof RunLeftOpen)) throw error;
    const { code, message, exitCode, cause } = error;
    throw new UserError(code, message, { exitCode, cause, hint: terminal.adviceOn(error) });
  } finally {
    terminal.stop();
    signals.stop();
    await project.close();
  }
}
