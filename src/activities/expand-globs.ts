/** Paths and globs (`*`, `?`, `**`, `{a,b}`) to the files they mean, sorted. */

import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StepError } from '../model/step-error.ts';

const MAGIC = /[*?{]/;

/** Every file the patterns mean, once, sorted by path. @throws StepError FILE_NOT_FOUND naming the pattern */
export async function expandGlobs(patterns: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const pattern of patterns) {
    const matches = MAGIC.test(pattern) ? await matchesOf(pattern) : [pattern];
    if (matches.length === 0) {
      throw new StepError(
        'FILE_NOT_FOUND',
        `no file matches ${pattern} (looked in ${rootOf(pattern)})`,
      );
    }
    if (!MAGIC.test(pattern)) await mustBeFile(pattern);
    for (const match of matches) found.add(match);
  }
  return [...found].sort();
}

async function matchesOf(pattern: string): Promise<readonly string[]> {
  const root = rootOf(pattern);
  const test = new RegExp(`^${regexOf(pattern)}$`);
  const deep = pattern.includes('**');
  const levels = pattern.slice(root.length).split('/').filter(Boolean).length;
  const matches: string[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const path = join(folder, entry.name);
      const isFolder =
        entry.isDirectory() ||
        (entry.isSymbolicLink() &&
          (await stat(path).catch(() => undefined))?.isDirectory() === true);
      if (isFolder && !entry.isSymbolicLink() && (deep || depth < levels))
        await visit(path, depth + 1);
      else if (!isFolder && test.test(path)) matches.push(path);
    }
  };
  await visit(root, 1);
  return matches;
}

/** The folder before the first wildcard. */
function rootOf(pattern: string): string {
  const at = pattern.search(MAGIC);
  return dirname(`${pattern.slice(0, at < 0 ? undefined : at)}x`);
}

function regexOf(pattern: string): string {
  let depth = 0;
  return pattern.replaceAll(/\*\*\/|\*\*|[*?{},]|[.+^$()|[\]\\]/g, (token) => {
    switch (token) {
      case '**/':
        return '(?:.*/)?';
      case '**':
        return '.*';
      case '*':
        return '[^/]*';
      case '?':
        return '[^/]';
      case '{':
        depth += 1;
        return '(?:';
      case '}':
        depth -= 1;
        return ')';
      case ',':
        return depth > 0 ? '|' : ',';
      default:
        return `\\${token}`;
    }
  });
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
  if (!info.isFile()) throw new StepError('FILE_NOT_FOUND', `${path} is not a file`);
}
