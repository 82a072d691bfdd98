import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { piecesOf } from '../../src/os/pieces.ts';

const MEGABYTE = 1024 * 1024;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'builder-pieces-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([0, 1, 4095, 4096, 4097, MEGABYTE - 1, MEGABYTE, MEGABYTE + 1, 5 * MEGABYTE + 3])(
  'the pieces of a file of %d bytes are its bytes',
  async (size) => {
    const path = join(folder, `of-${size}`);
    const bytes = randomBytes(size);
    await writeFile(path, bytes);
    const copies: Buffer[] = [];
    for await (const piece of piecesOf(path)) {
      expect(piece.length).toBeGreaterThan(0);
      copies.push(Buffer.from(piece));
    }
    expect(Buffer.concat(copies).equals(bytes)).toBe(true);
  },
);

test('a file that grows while it is read is read to the end it has then', async () => {
  const path = join(folder, 'grows');
  await writeFile(path, 'a'.repeat(2 * MEGABYTE));
  let length = 0;
  for await (const piece of piecesOf(path)) {
    if (length === 0) await appendFile(path, 'b'.repeat(3 * MEGABYTE));
    length += piece.length;
  }
  expect(length).toBe(5 * MEGABYTE);
});

test('whoever stops at a piece leaves no file open', async () => {
  const path = join(folder, 'stopped');
  await writeFile(path, randomBytes(3 * MEGABYTE));
  for await (const _ of piecesOf(path)) break;
  const open = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  expect(open).not.toContain(path);
});
