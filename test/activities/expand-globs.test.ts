import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { expandGlobs, literalFolder } from '../../src/activities/expand-globs.ts';

const pathsOf = async (patterns: readonly string[]): Promise<readonly string[]> =>
  (await expandGlobs(patterns)).map(({ path }) => path);

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
        expect(await pathsOf([join(start, 'data/*.csv')])).toEqual([own]);
        expect(await pathsOf([join(start, '**/?.{csv,txt}')])).toEqual([own]);
        expect(await pathsOf([join(start, 'data/a.csv')])).toEqual([own]);
      },
    ),
);

test('a backslash takes the meaning of a wildcard away, and what is missing is told without it', () =>
  withFiles(['a*.csv', 'ab.csv'], async (folder) => {
    expect(await pathsOf([join(folder, 'a\\*.csv')])).toEqual([join(folder, 'a*.csv')]);
    await expect(pathsOf([join(folder, 'n\\*.csv')])).rejects.toThrow(
      `the file ${folder}/n*.csv does not exist`,
    );
  }));

test('folders and files that are links are followed, once, and what lies in a circle is found once', () =>
  withFiles(['disk/2024/b.csv', 'data/2025/c.csv', 'data/.hidden/d.csv'], async (folder) => {
    const data = join(folder, 'data');
    await symlink(join(folder, 'disk/2024'), join(data, '2024'));
    await symlink(join(folder, 'disk/2024/b.csv'), join(data, 'link.csv'));
    await symlink(data, join(data, '2025/round'));
    const found = [join(data, '2024/b.csv'), join(data, '2025/c.csv')];
    expect(await pathsOf([join(data, '*/*.csv')])).toEqual(found);
    expect(await pathsOf([join(data, '**/*.csv')])).toEqual([...found, join(data, 'link.csv')]);
  }));

test('what cannot be looked at is an error that names it', () =>
  withFiles(['data/a.csv', 'data/closed/b.csv'], async (folder) => {
    await symlink('nowhere', join(folder, 'data/gone.csv'));
    await expect(pathsOf([join(folder, 'data/*.csv')])).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: `${folder}/data/gone.csv is a link that leads nowhere`,
    });
    if (process.getuid?.() === 0) return;
    await chmod(join(folder, 'data/closed'), 0);
    await expect(pathsOf([join(folder, 'data/*/*.csv')])).rejects.toThrow(
      `the folder ${folder}/data/closed may not be listed by this user`,
    );
    await chmod(join(folder, 'data/closed'), 0o700);
  }));

test('says where a file lies below the start of its pattern, and which folders name a key', () =>
  withFiles(['in/k=1/x=a/t.csv', 'in/k=2/x=b/t.csv'], async (folder) => {
    expect((await expandGlobs([join(folder, 'in/**/*.csv')])).map(({ below }) => below)).toEqual([
      'k=1/x=a/t.csv',
      'k=2/x=b/t.csv',
    ]);
    const [only] = await expandGlobs([join(folder, 'in/k=1/x=a/t.csv')]);
    expect(only?.below).toBe('k=1/x=a/t.csv');
  }));
