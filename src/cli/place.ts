/** Where a command works: its state folder, and its settings with what builder.yaml says where no flag does. */

import { resolve } from 'node:path';

import { readProjectFile } from '../run/definitions/project-file.ts';
import { findStateDir } from '../run/definitions/state-dir.ts';
import { DefinitionError } from '../run/definitions/definition-error.ts';

import type { ProjectFile } from '../run/definitions/project-file.ts';
import type { StateDir } from '../run/definitions/state-dir.ts';
import type { Settings } from './settings.ts';
import type { DefinitionFlags } from './definition-flags.ts';
import type { Io } from './io.ts';

export type CommandPlace = {
  readonly settings: Settings;
  readonly stateDir: StateDir;
  /** What builder.yaml says; undefined: there is none. */
  readonly project: ProjectFile | undefined;
};

/** Of a job file, or of the working directory. @throws DefinitionError with what is wrong in builder.yaml */
export function placeOf(settings: Settings, cwd: string, job?: string): CommandPlace {
  const project = readProjectFile({ job, cwd });
  const store = settings.store ?? project?.store;
  return {
    settings: store === undefined ? settings : { ...settings, store },
    stateDir: findStateDir({ given: settings.stateDir, job, cwd }),
    project,
  };
}

/** What is wrong in builder.yaml is reported with the rest; until it is mended nothing stored is known. */
export function placeOrOwn(
  flags: Pick<DefinitionFlags, 'job'> | { readonly job?: undefined },
  settings: Settings,
  io: Io,
): { readonly settings: Settings; readonly stateDir: string } {
  try {
    const place = placeOf(settings, io.cwd, flags.job);
    return { settings: place.settings, stateDir: place.stateDir.path };
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return { settings, stateDir: settings.stateDir ?? resolve(io.cwd, '.builder') };
  }
}
