import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { copiesAtOnce } from '../../src/activities/first-copy.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'builder-first-copy-'));
});
afterAll(() => rm(folder, { recursive: true }));

const AT_MS = Date.UTC(2026, 0, 31);

/** A file written that many seconds after the newest result was begun. */
async function written(name: string, seconds: number): Promise<{ path: string; below: string }> {
  const path = join(folder, name);
  await writeFile(path, 'id\n1\n');
  const at = new Date(AT_MS + seconds * 1000);
  await utimes(path, at, at);
  return { path, below: name };
}

const latest = async (): Promise<{ writtenAtMs: number; durationMs: number }> => ({
  writtenAtMs: AT_MS + 5000,
  durationMs: 5000,
});

test('copies at once where the step has no result yet', async () => {
  const file = await written('a.csv', -60);
  expect(await copiesAtOnce([file], async () => undefined)).toBe(true);
});

test('hashes first where every file is older than the newest result', async () => {
  expect(await copiesAtOnce([await written('b.csv', -60)], latest)).toBe(false);
});

test('copies at once where one of the files was written since the newest result was begun', async () => {
  const files = [await written('c.csv', -60), await written('d.csv', 1)];
  expect(await copiesAtOnce(files, latest)).toBe(true);
});

test('asks for nothing where there is no file, and leaves one that is gone to its reader', async () => {
  const never = (): Promise<undefined> => Promise.reject(new Error('asked'));
  expect(await copiesAtOnce([], never)).toBe(false);
  expect(await copiesAtOnce([{ path: join(folder, 'gone'), below: 'gone' }], latest)).toBe(false);
});
