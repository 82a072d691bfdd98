import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

import { describe, expect, test } from '@jest/globals';

import { collectFiles } from '../../src/kinds/collect-files.ts';
import { withAttempt } from './harness.ts';

const ROWS = Array.from({ length: 20_000 }, (_, id) => ({ id, v: (id * 7919) % 10_007 }));
const TEXTS = {
  csv: ['id,v', ...ROWS.map(({ id, v }) => `${id},${v}`), ''].join('\n'),
  json: JSON.stringify(ROWS),
  jsonl: ROWS.map((row) => `${JSON.stringify(row)}\n`).join(''),
} as const;

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
};
const joined = (...parts: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part)));
const zeros = (n: number): Buffer => Buffer.alloc(n);

/** A zstd frame of one block of plain bytes, without a checksum. */
function frame(text: string): Buffer {
  const block = Buffer.alloc(3);
  block.writeUIntLE((text.length << 3) | 1, 0, 3);
  return joined(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, text.length]), block, text);
}

/** What the command zstd makes of two lines, checksum included. */
const ZSTD = Buffer.from('28b52ffd045849000069642c760a312c320aebd6936b', 'hex');
const SKIPPABLE = Buffer.from('502a4d18020000000909', 'hex');

/** A gzip file of exactly `size` bytes, which ends where Node's reading of a file may pause. */
function gzipOf(size: number): Buffer {
  const plain = gzipSync('id,v\n1,2\n');
  const header = Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]);
  const name = `${'n'.repeat(size - plain.length - 1)}\0`;
  return joined(header, name, plain.subarray(10));
}

async function collect(name: string, bytes: Uint8Array): Promise<unknown> {
  let found: unknown;
  await withAttempt({ files: { [name]: bytes } }, async ({ path, run, rows }) => {
    const { outputs } = await run(collectFiles, { from: path(name) });
    found = (
      await rows(outputs?.['table'], 'select count(*)::int as n, sum(id)::int as s from t')
    )[0];
  });
  return found;
}

const refused = (name: string, why = '.*(damaged|behind the end|not packed)') => ({
  code: 'BAD_INPUT_DATA',
  message: expect.stringMatching(new RegExp(`project/${name}: ${why}`)),
});

describe.each(['csv', 'json', 'jsonl'] as const)('a compressed %s file', (format) => {
  const whole = gzipSync(TEXTS[format]);
  const end = whole.length;

  test.each([
    ['its last 8 bytes are missing', whole.subarray(0, -8)],
    ['its last byte is missing', whole.subarray(0, -1)],
    ['half of it is missing', whole.subarray(0, end >> 1)],
    ['nothing is left but its header', whole.subarray(0, 10)],
    ['it is empty', zeros(0)],
    ['its checksum is another', flipped(whole, end - 8)],
    ['its length is another', flipped(whole, end - 1)],
    ['a byte in it was changed', flipped(whole, end >> 1)],
    ['a text follows it', joined(whole, 'garbage')],
    ['one byte follows it', joined(whole, 'x')],
    ['zeros follow it', joined(whole, zeros(512))],
    ['it is not compressed', Buffer.from(TEXTS[format])],
  ])('is refused when %s', async (_name, bytes) => {
    await expect(collect(`a.${format}.gz`, bytes)).rejects.toMatchObject(refused(`a.${format}.gz`));
  });

  test('is read to the end, in one member or in many', async () => {
    const all = { n: 20_000, s: 199_990_000 };
    expect(await collect(`a.${format}.gz`, whole)).toEqual(all);
    const text = TEXTS[format];
    const cuts = [0, 1, 5000, 5000, 123_456, text.length];
    const parts = cuts.slice(1).map((cut, n) => gzipSync(text.slice(cuts[n], cut)));
    expect(await collect(`A.${format}.GZ`, joined(...parts))).toEqual(all);
  });
});

test.each([
  ['the second member has another checksum', (b: Buffer) => flipped(b, b.length - 8)],
  ['the second member breaks off', (b: Buffer) => b.subarray(0, -3)],
  ['zeros stand before the second member', (b: Buffer) => joined(zeros(8), b)],
  ['a text follows the second member', (b: Buffer) => joined(b, 'zz')],
])('refuses a file of two gzip members when %s', async (_name, spoil) => {
  const bytes = joined(gzipSync('id,v\n1,2\n'), spoil(gzipSync('3,4\n')));
  await expect(collect('a.csv.gz', bytes)).rejects.toMatchObject(refused('a.csv.gz'));
});

test.each([65_530, 65_536, 262_138, 262_144])(
  'sees what follows a gzip member of %d bytes, wherever reading pauses',
  async (size) => {
    const first = gzipOf(size);
    const second = gzipSync('3,4\n');
    expect(await collect('a.csv.gz', joined(first, second))).toEqual({ n: 2, s: 4 });
    for (const rest of [zeros(6), zeros(262_144), joined(zeros(6), second), Buffer.from('zzz')]) {
      const work = collect('a.csv.gz', joined(first, rest));
      await expect(work).rejects.toMatchObject(refused('a.csv.gz'));
    }
  },
);

test.each([
  ['without a checksum', frame('id,v\n1,2\n'), { n: 1, s: 1 }],
  ['with a checksum', ZSTD, { n: 1, s: 1 }],
  ['of several frames', joined(SKIPPABLE, ZSTD, frame('3,4\n'), SKIPPABLE), { n: 2, s: 4 }],
])('reads a zstd file %s', async (_name, bytes, rows) => {
  expect(await collect('a.csv.zst', bytes)).toEqual(rows);
});

test.each([
  ['its last byte is missing', ZSTD.subarray(0, -1)],
  ['its checksum is missing', ZSTD.subarray(0, -4)],
  ['a block breaks off', frame('id,v\n1,2\n').subarray(0, -2)],
  ['its second frame breaks off', joined(ZSTD, frame('3,4\n').subarray(0, -2))],
  ['its second frame has a header only', joined(ZSTD, frame('3,4\n').subarray(0, 6))],
  ['a frame to skip breaks off', joined(ZSTD, SKIPPABLE.subarray(0, -1))],
  ['it is empty', zeros(0)],
  ['a text follows it', joined(ZSTD, 'garbage')],
  ['one byte follows it', joined(ZSTD, 'x')],
  ['it is not compressed', Buffer.from('id,v\n1,2\n')],
])('refuses a zstd file when %s', async (_name, bytes) => {
  await expect(collect('a.csv.zst', bytes)).rejects.toMatchObject(refused('a.csv.zst'));
});

test('refuses, and does not try again, a zstd file that does not fit its checksum', async () => {
  const work = collect('a.csv.zst', flipped(ZSTD, ZSTD.length - 1));
  await expect(work).rejects.toMatchObject(refused('a.csv.zst', '.*checksum'));
});

test.each(['a.csv.gz', 'a.csv.zst'])('ends reading %s when the step is cancelled', async (name) => {
  const files = { 'a.csv.gz': gzipSync(TEXTS.csv), 'a.csv.zst': ZSTD };
  await withAttempt({ files }, async ({ path, run }) => {
    const cancelled = new AbortController();
    const log = (): void => cancelled.abort();
    const from = [path('empty.csv'), path(name)];
    await writeFile(path('empty.csv'), '');
    const work = run(collectFiles, { from }, { signal: cancelled.signal, log });
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
  });
});
