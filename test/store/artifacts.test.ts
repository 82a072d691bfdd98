import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import { chmod, link, mkdir, readdir, readFile, stat, symlink, truncate } from 'node:fs/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { filesBelow } from '../../src/os/hashing.ts';
import { fileIn, storeIn, withFolder, withStore } from './fixtures.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('moves a file to a name that is its hash, read-only, and keeps what it was told about it', () =>
  withStore(async (store, folder) => {
    const path = await fileIn(folder, 'a.csv', 'id\n1\n');
    const ref = await store.put(path, { format: 'csv', rows: 1, deliver: 'a.csv', from: 'clean' });
    expect(ref).toEqual({
      sha256: sha256('id\n1\n'),
      bytes: 5,
      format: 'csv',
      rows: 1,
      deliver: 'a.csv',
      from: 'clean',
    });
    expect(await readFile(await store.materialize(ref), 'utf8')).toBe('id\n1\n');
    expect((await stat(await store.materialize(ref))).mode & 0o777).toBe(0o444);
    await expect(stat(path)).rejects.toThrow('ENOENT');
    expect(await readdir(join(folder, 'store', 'tmp'))).toEqual([]);
  }));

test('keeps the same bytes once', () =>
  withStore(async (store, folder) => {
    const one = await store.put(await fileIn(folder, 'a', 'same'), { format: 'file' });
    const two = await store.put(await fileIn(folder, 'b', 'same'), { format: 'file' });
    expect(await store.materialize(two)).toBe(await store.materialize(one));
    expect(await filesBelow(join(folder, 'store', 'artifacts'))).toHaveLength(1);
  }));

test.each([
  ['a symbolic link', symlink],
  ['a second name of a file', link],
])('stores the bytes of %s, not the sharing', (_, share) =>
  withStore(async (store, folder) => {
    const origin = await fileIn(folder, 'origin', 'outside');
    await share(origin, join(folder, 'output'));
    const ref = await store.put(join(folder, 'output'), { format: 'file' });
    await writeFile(origin, 'changed');
    expect(await store.verify(ref, { deep: true })).toBe(true);
  }),
);

test('an edit of a copy does not reach the store', () =>
  withStore(async (store, folder) => {
    const ref = await store.put(await fileIn(folder, 'a', 'true'), { format: 'file' });
    await store.copyTo(ref, join(folder, 'deep', 'copy'));
    await writeFile(join(folder, 'deep', 'copy'), 'edit');
    expect(await readFile(await store.materialize(ref), 'utf8')).toBe('true');
  }));

test('putting bytes again heals the artifact that a power loss damaged', () =>
  withStore(async (store, folder) => {
    const ref = await store.put(await fileIn(folder, 'a', 'right'), { format: 'file' });
    await chmod(await store.materialize(ref), 0o644);
    await writeFile(await store.materialize(ref), '\0\0\0\0\0');
    expect(await store.verify(ref)).toBe(true);
    expect(await store.verify(ref, { deep: true })).toBe(false);
    await store.put(await fileIn(folder, 'a', 'right'), { format: 'file' });
    expect(await store.verify(ref, { deep: true })).toBe(true);
  }));

test.each([
  ['missing', async (path: string) => (await import('node:fs/promises')).rm(path)],
  ['cut short', (path: string) => truncate(path, 1)],
])('an artifact that is %s does not verify', (_, damage) =>
  withStore(async (store, folder) => {
    const ref = await store.put(await fileIn(folder, 'a', 'right'), { format: 'file' });
    await damage(await store.materialize(ref));
    expect(await store.verify(ref)).toBe(false);
  }),
);

test('a folder verifies only while each of its files does', () =>
  withStore(async (store, folder) => {
    await fileIn(folder, 'tree/one', '1');
    await fileIn(folder, 'tree/sub/two', '22');
    const ref = await store.put(join(folder, 'tree'), { format: 'tree' });
    expect(ref.bytes).toBe(3);
    expect(await store.verify(ref, { deep: true })).toBe(true);
    await truncate(await store.materialize({ sha256: sha256('22') }), 1);
    expect(await store.verify(ref)).toBe(false);
  }));

test('refuses a folder with a link in it, and a name that is no hash', () =>
  withStore(async (store, folder) => {
    await mkdir(join(folder, 'tree'));
    await symlink('/', join(folder, 'tree', 'root'));
    await expect(store.put(join(folder, 'tree'), { format: 'tree' })).rejects.toThrow(
      'neither a file nor a folder',
    );
    await expect(store.materialize({ sha256: '../../etc' })).rejects.toThrow(
      'not the name of an artifact',
    );
  }));

const name = fc.stringMatching(/^[a-zA-Z0-9 _.é-]{1,8}$/).filter((n) => n !== '.' && n !== '..');
const tree = fc.dictionary(
  fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
  fc.record({ content: fc.string({ maxLength: 40 }), executable: fc.boolean() }),
  { maxKeys: 8, noNullPrototype: true },
);

test('any folder that is put comes back the same, and has one name whatever order it was made in', () =>
  fc.assert(
    fc.asyncProperty(tree.filter(hasNoFileAsFolder), (files) =>
      withFolder(async (folder) => {
        const store = await storeIn(folder);
        const entries = Object.entries(files);
        await mkdir(join(folder, 'in'));
        await mkdir(join(folder, 'again'));
        for (const entry of entries) await make(join(folder, 'in'), entry);
        for (const entry of entries.toReversed()) await make(join(folder, 'again'), entry);
        const ref = await store.put(join(folder, 'in'), { format: 'tree' });
        await store.copyTo(ref, join(folder, 'out'));
        expect(await readTree(join(folder, 'out'))).toEqual(files);
        const again = await store.put(join(folder, 'again'), { format: 'tree' });
        expect(again).toEqual(ref);
      }),
    ),
    { numRuns: 30 },
  ));

type File = { readonly content: string; readonly executable: boolean };

function hasNoFileAsFolder(files: Readonly<Record<string, File>>): boolean {
  const paths = Object.keys(files).map((path) => path.toLowerCase());
  return paths.every((path) => paths.filter((p) => p === path).length === 1 && !isFolder(path));
  function isFolder(path: string): boolean {
    return paths.some((other) => other.startsWith(`${path}/`));
  }
}

async function make(folder: string, [path, file]: readonly [string, File]): Promise<void> {
  const made = await fileIn(folder, path, file.content);
  if (file.executable) await chmod(made, 0o755);
}

async function readTree(folder: string): Promise<Record<string, File>> {
  const files: Record<string, File> = {};
  for (const path of await filesBelow(folder)) {
    const content = await readFile(join(folder, path), 'utf8');
    files[path] = { content, executable: ((await stat(join(folder, path))).mode & 0o100) !== 0 };
  }
  return files;
}
