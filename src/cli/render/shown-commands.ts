/** Commands that people are shown, to be typed where they are. */

import { findStateDir } from '../../run/definitions/state-dir.ts';
import { shellWord } from '../../model/shell-word.ts';

import type { Settings } from '../settings.ts';

export type ShownCommands = {
  /** A command for this state folder. */
  shown(verb: string): string;
  /** The one that goes on with a run. */
  resume(runId: string, shownOut: string | undefined): string;
};

/** Commands for a state folder, as short as they can be in `cwd`. */
export function makeShownCommands(about: {
  readonly cwd: string;
  readonly settings: Settings;
  readonly stateDir: string;
}): ShownCommands {
  const { cwd, settings, stateDir } = about;
  const shown = (verb: string): string => {
    const isFound = settings.stateDir === undefined && findStateDir({ cwd }).path === stateDir;
    return isFound
      ? `builder_cli ${verb}`
      : `builder_cli ${verb} --state-dir ${shellWord(stateDir)}`;
  };
  return {
    shown,
    resume: (runId, shownOut) =>
      shownOut === undefined
        ? `${shown('resume')} ${runId}`
        : `builder_cli resume --out ${shellWord(shownOut)}`,
  };
}
