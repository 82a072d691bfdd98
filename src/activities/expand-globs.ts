/** Paths and globs (`*`, `?`, `**`, `{a,b}`) to the files they mean, sorted. A backslash before one of these is literal. */

import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StepError } from '../model/step-error.ts';

/** A character that a backslash has made literal. */
const ESCAPED = /\\([\\*?{}])/g;
/** What stands before the first wildcard. */
const START = /^(?:\\[\\*?{}]|[^*?{])*/;

/** A folder that stands before a pattern, so that its own `*`, `?`, `{` and `\` are no wildcards. */
export function literalFolder(folder: string): string {
  return folder.replaceAll(/[\\*?{}]/g, '\\$&');
}

/** Every file the patterns mean, once, sorted by path. @throws StepError FILE_NOT_FOUND naming the pattern */
export async function expandGlobs(patterns: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const pattern of patterns) {
    const start = START.exec(pattern)?.[0] ?? '';
    const isPath = start === pattern;
    const matches = isPath ? [unescaped(pattern)] : await matchesOf(pattern, start);
    if (matches.length === 0) {
      throw new StepError(
        'FILE_NOT_FOUND',
        `no file matches ${unescaped(pattern)} (looked in ${rootOf(start)})`,
      );
    }
    if (isPath) await mustBeFile(unescaped(pattern));
    for (const match of matches) found.add(match);
  }
  return [...found].sort();
}

/** `start`: what stands before the first wildcard. */
async function matchesOf(pattern: string, start: string): Promise<readonly string[]> {
  const root = rootOf(start);
  const test = new RegExp(`^${regexOf(pattern)}$`);
  const deep = pattern.includes('**');
  const levels = unescaped(pattern).slice(root.length).split('/').filter(Boolean).length;
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
function rootOf(start: string): string {
  return dirname(`${unescaped(start)}x`);
}

function unescaped(pattern: string): string {
  return pattern.replaceAll(ESCAPED, '$1');
}

function regexOf(pattern: string): string {
  let depth = 0;
  return pattern.replaceAll(/\\[\\*?{}]|\*\*\/|\*\*|[*?{},]|[.+^$()|[\]\\]/g, (token) => {
    // To the expression, too, it is the character itself.
    if (token.length > 1 && token.startsWith('\\')) return token;
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
