import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { expandGlobs, literalFolder } from '../../src/activities/expand-globs.ts';

async function withFiles(
  names: readonly string[],
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'globs-'));
  try {
    for (const name of names) {
      await mkdir(join(folder, name, '..'), { recursive: true });
      await writeFile(join(folder, name), '');
    }
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test.each(['st*r', 'st?r', 'br{a,b}', 'un{closed', 'back\\slash', 'back\\*', '[c]', '}'])(
  'only what the author wrote is a pattern: in the folder %s its own files are found',
  (name) =>
    withFiles(
      [
        `${name}/data/a.csv`,
        'stXr/data/x.csv',
        'bra/data/x.csv',
        'c/data/x.csv',
        'back/data/x.csv',
      ],
      async (folder) => {
        const start = literalFolder(join(folder, name));
        const own = join(folder, name, 'data/a.csv');
        expect(await expandGlobs([join(start, 'data/*.csv')])).toEqual([own]);
        expect(await expandGlobs([join(start, '**/?.{csv,txt}')])).toEqual([own]);
        expect(await expandGlobs([join(start, 'data/a.csv')])).toEqual([own]);
      },
    ),
);

test('a backslash takes the meaning of a wildcard away, and what is missing is told without it', () =>
  withFiles(['a*.csv', 'ab.csv'], async (folder) => {
    expect(await expandGlobs([join(folder, 'a\\*.csv')])).toEqual([join(folder, 'a*.csv')]);
    await expect(expandGlobs([join(folder, 'n\\*.csv')])).rejects.toThrow(
      `the file ${folder}/n*.csv does not exist`,
    );
  }));
