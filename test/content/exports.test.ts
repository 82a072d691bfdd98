import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { ROOT } from '../harness/cli.ts';

const EXPORT = /^export (?:async )?(function\*?|const|class|type) (\w+)/gm;

async function textsIn(folder: string): Promise<readonly (readonly [string, string])[]> {
  const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && /\.(ts|mjs|cjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes('node_modules'));
  return Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const));
}

const words = (text: string): readonly string[] => text.match(/\w+/g) ?? [];

test('nothing is exported that no other file names, and no type that nobody does', async () => {
  const sources = await textsIn('src');
  const others = await Promise.all(['test', 'bench', 'scripts', 'bin'].map(textsIn));
  /** In how many files a word stands. */
  const files = new Map<string, number>();
  for (const [, text] of [...sources, ...others.flat()]) {
    for (const word of new Set(words(text))) files.set(word, (files.get(word) ?? 0) + 1);
  }
  const needless = sources.flatMap(([file, text]) => {
    // What Temporal calls by name is found in the module.
    if (file.includes('/src/workflows/')) return [];
    const all = words(text);
    return [...text.matchAll(EXPORT)]
      .filter(([, what, name = '']) => {
        if ((files.get(name) ?? 0) > 1) return false;
        return what !== 'type' || all.filter((word) => word === name).length === 1;
      })
      .map(([, , name]) => `${file.slice(ROOT.length)}: ${name}`);
  });
  expect(needless).toEqual([]);
});
