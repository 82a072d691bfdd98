/**
 * Paths and globs (`*`, `?`, `**`, `{a,b}`) to the files they mean, sorted. A backslash before one of these is literal.
 * Links are followed. Nothing is left out in silence: what cannot be looked at is an error.
 */

import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { globTest } from '../model/glob.ts';
import { StepError } from '../model/step-error.ts';

/** A file, and its path below the folder where the pattern begins: what tells it from others of its name. */
export type FoundFile = { readonly path: string; readonly below: string };

/** A character that a backslash has made literal. */
const ESCAPED = /\\([\\*?{}])/g;
/** What stands before the first wildcard. */
const START = /^(?:\\[\\*?{}]|[^*?{])*/;

/** A folder that stands before a pattern, so that its own `*`, `?`, `{` and `\` are no wildcards. */
export function literalFolder(folder: string): string {
  return folder.replaceAll(/[\\*?{}]/g, '\\$&');
}

/** Every file the patterns mean, once, sorted by path. @throws StepError FILE_NOT_FOUND naming the pattern */
export async function expandGlobs(patterns: readonly string[]): Promise<readonly FoundFile[]> {
  const found = new Map<string, string>();
  for (const pattern of patterns) {
    const start = START.exec(pattern)?.[0] ?? '';
    if (start === pattern) {
      const path = unescaped(pattern);
      await mustBeFile(path);
      found.set(path, found.get(path) ?? withKeyFolders(path));
      continue;
    }
    const matches = await matchesOf(pattern, start);
    if (matches.length === 0) {
      throw new StepError(
        'FILE_NOT_FOUND',
        `no file matches ${unescaped(pattern)} (looked in ${rootOf(start)})`,
      );
    }
    const root = rootOf(start);
    for (const path of matches) {
      found.set(path, found.get(path) ?? path.slice(root.length).replace(/^\/+/, ''));
    }
  }
  return [...found.keys()].sort().map((path) => ({ path, below: found.get(path)! }));
}

/** A path that no pattern found: its name, with the folders named `key=value` right above it. */
function withKeyFolders(path: string): string {
  return /(?:[^/=]+=[^/]*\/)*[^/]*$/.exec(path)?.[0] ?? path;
}

/** `start`: what stands before the first wildcard. */
async function matchesOf(pattern: string, start: string): Promise<readonly string[]> {
  const root = rootOf(start);
  const test = globTest(pattern);
  const deep = pattern.includes('**');
  const levels = unescaped(pattern).slice(root.length).split('/').filter(Boolean).length;
  const matches: string[] = [];
  /** `above`: the real folders on the way here, so that a link into one of them is no endless path. */
  const visit = async (folder: string, depth: number, above: readonly string[]): Promise<void> => {
    for (const entry of await entriesOf(folder, depth === 1)) {
      if (entry.name.startsWith('.')) continue;
      const path = join(folder, entry.name);
      const isLink = entry.isSymbolicLink();
      const info = isLink ? await stat(path).catch(() => undefined) : entry;
      if (info?.isDirectory() === true) {
        if (!deep && depth >= levels) continue;
        const real = await realpath(path);
        if (above.includes(real)) continue;
        await visit(path, depth + 1, [...above, real]);
      } else if (test.test(path)) {
        if (info === undefined) {
          throw new StepError('FILE_NOT_FOUND', `${path} is a link that leads nowhere`);
        }
        // To open a named pipe would wait for whoever writes into it; a device may never end.
        if (!info.isFile()) throw noFile(path);
        matches.push(path);
      }
    }
  };
  await visit(root, 1, [await realpath(root).catch(() => root)]);
  return matches;
}

/** @throws StepError FILE_NOT_FOUND for a folder that is there and cannot be listed */
async function entriesOf(folder: string, isRoot: boolean) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (isRoot && (code === 'ENOENT' || code === 'ENOTDIR')) return [];
    const why =
      code === 'EACCES' ? 'may not be listed by this user' : `cannot be listed: ${message}`;
    throw new StepError('FILE_NOT_FOUND', `the folder ${folder} ${why}`, { cause: error });
  }
}

/** The folder before the first wildcard. */
function rootOf(start: string): string {
  return dirname(`${unescaped(start)}x`);
}

function unescaped(pattern: string): string {
  return pattern.replaceAll(ESCAPED, '$1');
}

async function mustBeFile(path: string): Promise<void> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new StepError(
      'FILE_NOT_FOUND',
      error.code === 'EACCES'
        ? `the file ${path} may not be read by this user`
        : `the file ${path} does not exist`,
      { cause: error },
    );
  });
  if (!info.isFile()) throw noFile(path);
}

function noFile(path: string): StepError {
  return new StepError('FILE_NOT_FOUND', `${path} is not a file`);
}
