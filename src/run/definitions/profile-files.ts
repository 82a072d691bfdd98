/** Finds the files of a profile: the one that is named, and those it extends. */

import { dirname, join, resolve, basename } from 'node:path';

import { child, textOf } from '../../definition/located.ts';
import { sourceOf } from '../../definition/source.ts';
import { didYouMean } from '../../model/suggest.ts';

import type { DefinitionFile } from '../../definition/check.ts';
import type { Located } from '../../definition/located.ts';
import type { Problem } from '../../model/errors.ts';

/** What is known of where a profile is asked for. */
export type Around = {
  readonly job: DefinitionFile;
  readonly jobDir: string;
  /** Where it is asked for, if not by the job. */
  readonly folder?: string;
  readonly cwd: string;
  /** The name comes from the command line. */
  readonly given: boolean;
  /** Folders of builder.yaml, looked into last. */
  readonly profiles: readonly string[];
  /** The job could be read. */
  readonly isKnown: boolean;
  readonly read: (path: string) => Promise<DefinitionFile | undefined>;
  readonly problems: Problem[];
};

/** The profile and those it extends, base first. */
export async function profileChain(
  name: string | undefined,
  named: Located | undefined,
  around: Around,
): Promise<{ files: readonly DefinitionFile[]; path: string | undefined; broken: boolean }> {
  const { job, problems } = around;
  if (name === undefined) {
    if (!around.isKnown || named !== undefined) return { files: [], path: undefined, broken: true };
    const message = "no profile is given; the job has no key 'profile'";
    problems.push({
      code: 'MISSING_KEY',
      file: job.path,
      line: 1,
      column: 1,
      message,
      hint: 'Give --profile name.',
    });
    return { files: [], path: undefined, broken: true };
  }
  const files: DefinitionFile[] = [];
  const seen: string[] = [];
  let wanted = name;
  let folder = around.folder ?? around.jobDir;
  let at =
    around.given || named === undefined
      ? { file: `--profile ${name}`, line: 0, column: 0 }
      : named.at;
  let top: string | undefined;
  for (;;) {
    const places = placesOf(wanted, folder, around);
    let found: { file: DefinitionFile; path: string } | undefined;
    for (const path of places) {
      const file = await around.read(path);
      if (file !== undefined) {
        found = { file, path };
        break;
      }
    }
    if (found === undefined) {
      const message = `the profile '${wanted}' was not found; looked for ${places.join(', ')}`;
      const hint = didYouMean(wanted, await neighbours(places));
      problems.push({
        code: 'FILE_NOT_FOUND',
        ...at,
        message,
        ...(hint !== undefined && { hint }),
      });
      return { files, path: top, broken: true };
    }
    if (seen.includes(found.path)) {
      const names = [...seen.slice(seen.indexOf(found.path)), found.path].map((path) =>
        basename(path),
      );
      problems.push({
        code: 'EXTENDS_CYCLE',
        ...at,
        message: `profiles extend each other in a circle: ${names.join(' -> ')}`,
      });
      return { files, path: top, broken: true };
    }
    seen.push(found.path);
    top ??= found.path;
    files.unshift(found.file);
    const base = child(sourceOf(found.file).root, 'extends');
    const next = textOf(base);
    if (base === undefined || next === undefined) return { files, path: top, broken: false };
    wanted = next;
    folder = dirname(found.path);
    at = base.at;
  }
}

/** Where a profile may lie: a path as it is; a name beside who asks, or in a `profiles` folder. */
function placesOf(
  wanted: string,
  folder: string,
  { cwd, jobDir, given, profiles }: Around,
): readonly string[] {
  if (/\.ya?ml$/.test(wanted)) {
    const fromCwd = resolve(cwd, wanted);
    const fromFolder = resolve(folder, wanted);
    return [...new Set(given && folder === jobDir ? [fromCwd, fromFolder] : [fromFolder, fromCwd])];
  }
  const file = `${wanted}.yaml`;
  return [
    ...new Set([
      join(folder, '..', 'profiles', file),
      join(folder, file),
      join(jobDir, '..', 'profiles', file),
      join(cwd, 'profiles', file),
      ...profiles.map((each) => join(each, file)),
    ]),
  ];
}

async function neighbours(places: readonly string[]): Promise<readonly string[]> {
  const { readdir } = await import('node:fs/promises');
  const lists = await Promise.all(places.map((path) => readdir(dirname(path)).catch(() => [])));
  return lists
    .flat()
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -5));
}
