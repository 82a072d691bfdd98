/** Reads builder.yaml of a project, and answers its settings with absolute paths. A project without one has none. */

import { lstatSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import { checkProject } from '../../definition/check-project.ts';
import { hooksOf } from '../../definition/hooks.ts';
import { parseDuration } from '../../model/duration.ts';
import { parseSize } from '../../model/size.ts';
import { storeFrom } from '../../store/open-store.ts';
import { DefinitionError } from './definition-error.ts';
import { findProjectRoot, startOf } from './project-root.ts';
import { decodeDefinition, refused, unreadableFile } from './read-definition-file.ts';

import type { CheckedProject } from '../../definition/check-project.ts';
import type { Place } from '../../definition/located.ts';
import type { ProjectDefinition } from '../../definition/project-file.ts';
import type { DefinitionFile } from '../../definition/source.ts';
import type { Problem } from '../../model/errors.ts';
import type { Hook } from '../../model/hook.ts';
import type { RootRequest } from './project-root.ts';

export const PROJECT_FILE = 'builder.yaml';

/** What `prune` keeps where its flags say nothing. */
export type Retention = {
  readonly olderThanMs?: number;
  readonly keepRuns?: number;
  readonly maxBytes?: number;
};

/** The settings of a project. Paths are absolute. */
export type ProjectFile = {
  readonly path: string;
  /** The folder it lies in. */
  readonly root: string;
  /** Paths and globs of the job files as they are written, and where; undefined: the usual ones. */
  readonly jobs: readonly { readonly glob: string; readonly at: Place }[] | undefined;
  /** Folders where a profile is looked for by its name, after the usual places. */
  readonly profiles: readonly string[];
  readonly store?: string;
  readonly stateDir?: string;
  readonly hooks: readonly Hook[];
  /** Attempts at once, by the name of a limit that all runs share. */
  readonly limits: Readonly<Record<string, number>>;
  readonly retention: Retention;
};

export type ProjectFileSeen = {
  /** Undefined: there is none, or it has problems. */
  readonly file: ProjectFile | undefined;
  readonly problems: readonly Problem[];
  /** Its text under its path as messages show it. */
  readonly texts: ReadonlyMap<string, string>;
};

/** The settings that hold for a job file or a folder. @throws DefinitionError with every problem */
export function readProjectFile(request: RootRequest): ProjectFile | undefined {
  const { file, problems, texts } = lookAtProjectFile(request);
  if (problems.length > 0) throw new DefinitionError(problems, texts);
  return file;
}

/** The same, for who has more to report. Never throws for anything the file may hold. */
export function lookAtProjectFile(request: RootRequest): ProjectFileSeen {
  const root = findProjectRoot(request);
  const text = root === undefined ? undefined : read(join(root, PROJECT_FILE), request);
  if (root === undefined || text === undefined) {
    return { file: undefined, problems: [], texts: new Map() };
  }
  const texts = new Map([[text.path, text.text]]);
  const checked = checkProject(text);
  if (checked.value === undefined) return { file: undefined, problems: checked.problems, texts };
  const problems = missingFolders(checked.value, checked.places, root);
  const file = problems.length > 0 ? undefined : settingsOf(checked.value, checked.places, root);
  return { file, problems, texts };
}

/** It is asked for where nothing can be waited for: it is small, and a file. */
function read(path: string, request: RootRequest): DefinitionFile | undefined {
  const { cwd } = request;
  const short = relative(cwd, path);
  const shown = short.startsWith('..') ? path : short;
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
    const stranger = strangerOf(path, startOf(request));
    if (stranger !== undefined) {
      return refused(shown, '', {
        code: 'FILE_NOT_OURS',
        message: `the file belongs to another user (${stranger}), and its hooks would be run as you`,
        hint: 'It is looked for in all folders above. Put one of your own into your project, even an empty one.',
      });
    }
    return decodeDefinition(shown, readFileSync(path));
  } catch (error) {
    return unreadableFile(shown, error);
  }
}

/**
 * The user who owns the file (or a link in its place), unless it is this one, root, or whoever owns the folder that is
 * looked from: what that one says is followed there anyway.
 */
function strangerOf(path: string, start: string): number | undefined {
  const known = [process.geteuid?.(), 0, statSync(start, { throwIfNoEntry: false })?.uid];
  if (known[0] === undefined) return undefined;
  return [lstatSync(path).uid, statSync(path).uid].find((uid) => !known.includes(uid));
}

function settingsOf(
  value: ProjectDefinition,
  places: CheckedProject['places'],
  root: string,
): ProjectFile {
  const {
    jobs,
    profiles = [],
    store,
    state_dir: stateDir,
    hooks,
    limits = {},
    retention = {},
  } = value;
  const { older_than: olderThan, keep_runs: keepRuns, max_size: maxSize } = retention;
  return {
    path: join(root, PROJECT_FILE),
    root,
    jobs: jobs?.map((glob, i) => ({ glob, at: places.jobs[i]! })),
    profiles: profiles.map((folder) => resolve(root, folder)),
    ...(store === undefined ? {} : { store: storeFrom(root, store) }),
    ...(stateDir === undefined ? {} : { stateDir: resolve(root, stateDir) }),
    hooks: hooksOf(hooks, PROJECT_FILE, root),
    limits,
    retention: {
      ...(olderThan === undefined ? {} : { olderThanMs: parseDuration(olderThan) }),
      ...(keepRuns === undefined ? {} : { keepRuns }),
      ...(maxSize === undefined ? {} : { maxBytes: parseSize(maxSize) }),
    },
  };
}

function missingFolders(
  { profiles = [] }: ProjectDefinition,
  places: CheckedProject['places'],
  root: string,
): readonly Problem[] {
  return profiles.flatMap((folder, i): Problem[] => {
    if (statSync(resolve(root, folder), { throwIfNoEntry: false })?.isDirectory() === true)
      return [];
    const message = `profiles: there is no folder '${folder}'`;
    const hint = 'Paths are relative to builder.yaml.';
    return [{ code: 'FILE_NOT_FOUND', ...places.profiles[i]!, message, hint }];
  });
}
