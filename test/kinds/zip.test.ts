import { gzipSync } from 'node:zlib';

import { expect, test } from '@jest/globals';

import { collectFiles } from '../../src/kinds/collect-files.ts';
import { zip } from '../engine/archives.ts';
import { withAttempt } from './harness.ts';

import type { ZipLie } from '../engine/archives.ts';

const A = 'id,v\n1,a\n2,b\n';
const B = 'id,v\n3,c\n';

/** What collecting the archive gives: rows as texts, or the error. */
async function collected(archive: Buffer, options: object = {}): Promise<unknown> {
  let answer: unknown;
  await withAttempt({ files: { 'in/data.zip': archive } }, async ({ path, run, rows }) => {
    const ran = run(collectFiles, { from: path('in/data.zip'), ...options });
    answer = await ran.then(
      ({ outputs }) => rows(outputs?.['table'], 'select * from t'),
      ({ code, message }: { code: string; message: string }) =>
        `${code} ${message.replaceAll(path('in'), '')}`,
    );
  });
  return answer;
}

const ROWS = [
  { id: '1', v: 'a' },
  { id: '2', v: 'b' },
  { id: '3', v: 'c' },
];

test('reads one table of a zip, or several of one format in order of their paths', async () => {
  expect(await collected(zip({ 'data.csv': A }))).toEqual(ROWS.slice(0, 2));
  expect(await collected(zip({ 'x/b.csv': B, 'a.csv': A }))).toEqual(ROWS);
  expect(await collected(zip({ 'a.csv.gz': gzipSync(A), 'b.csv': B }))).toEqual(ROWS);
  expect(await collected(zip({ 'a.jsonl': '{"id":1,"v":"a"}\n{"id":2,"v":"b"}\n' }))).toEqual(
    ROWS.slice(0, 2),
  );
  expect(await collected(zip({ a: A }), { format: 'csv' })).toEqual(ROWS.slice(0, 2));
});

test('leaves out folders and what the machines of those who pack leave behind', async () => {
  const files = { 'x/': '', 'x/a.csv': A, '__MACOSX/x/._a.csv': 'junk', 'x/.DS_Store': '\0\0' };
  expect(await collected(zip(files))).toEqual(ROWS.slice(0, 2));
});

test('`inside` chooses among the files, by name or path', async () => {
  const archive = zip({ 'README.txt': 'no table', 'old/a.csv': 'other\n1\n', 'new/a.csv': A });
  expect(await collected(archive, { inside: 'new/*.csv' })).toEqual(ROWS.slice(0, 2));
  expect(await collected(archive, { inside: ['README.*'], format: 'csv' })).toEqual([]);
  expect(await collected(archive, { inside: 'b.csv' })).toBe(
    'BAD_INPUT_DATA /data.zip: no file in the zip archive is meant by `inside`; it holds README.txt, old/a.csv, new/a.csv',
  );
});

test('`inside` without any archive is a mistake', async () => {
  await withAttempt({ files: { 'a.csv': A } }, async ({ path, run }) => {
    const ran = run(collectFiles, { from: path('a.csv'), inside: '*.csv' });
    await expect(ran).rejects.toMatchObject({ code: 'BAD_OPTION' });
  });
});

test('names the place inside in errors, and the file in columns', async () => {
  expect(await collected(zip({ 'b.csv': 'id,v\n1\n' }))).toContain('/data.zip/b.csv:2: ');
  const options = { filename_column: { name: 'f', path: true }, hive: true };
  expect(await collected(zip({ 'year=2024/b.csv': B }), options)).toEqual([
    { id: '3', v: 'c', year: '2024', f: 'data.zip/year=2024/b.csv' },
  ]);
});

test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, ZipLie>>, string]>([
  [
    'another checksum',
    { 'a.csv': A },
    { 'a.csv': { crc: 1 } },
    "the checksum of 'a.csv' is another",
  ],
  [
    'fewer bytes than there are',
    { 'a.csv': A },
    { 'a.csv': { size: 9 } },
    'damaged, cut or malformed',
  ],
  [
    'more bytes than there are',
    { 'a.csv': A },
    { 'a.csv': { size: 99 } },
    'damaged, cut or malformed',
  ],
  [
    'an encrypted file',
    { 'a.csv': A },
    { 'a.csv': { flags: 1 } },
    "'a.csv' in the zip archive is encrypted",
  ],
  ['another way of packing', { 'a.csv': A }, { 'a.csv': { method: 9 } }, 'is packed by method 9'],
  [
    'two names of one file',
    { 'a.csv': A },
    { 'a.csv': { name: 'b.csv' } },
    "headers of 'b.csv' differ",
  ],
  [
    'a file twice',
    { 'a.csv': A, 'b.csv': A },
    { 'b.csv': { name: 'a.csv' } },
    "holds 'a.csv' twice",
  ],
  ['a way out', { '../a.csv': A }, {}, 'invalid relative path: ../a.csv'],
  ['an absolute path', { '/a.csv': A }, {}, 'absolute path: /a.csv'],
  [
    'bytes of another file',
    { 'a.csv': A, 'b.csv': B },
    { 'b.csv': { at: 0 } },
    'lies within another file',
  ],
  ['an archive itself', { 'a.zip': 'PK' }, {}, 'is an archive itself'],
  ['a workbook', { '[Content_Types].xml': '<Types/>', 'a.csv': A }, {}, 'is an Office document'],
  ['no file', {}, {}, 'the zip archive holds no file'],
  [
    'a control character in a name',
    { 'a\u001b.csv': A },
    { 'a\u001b.csv': { flags: 0x800 } },
    'has a control character',
  ],
])('refuses a zip that holds %s', async (_what, files, lies, message) => {
  const told = await collected(zip(files, lies));
  expect(told).toContain('BAD_INPUT_DATA /data.zip: ');
  expect(told).toContain(message);
});

test('refuses what is called .zip and is none, and one that counts fewer files than it lists', async () => {
  expect(await collected(Buffer.from(A))).toBe(
    'BAD_INPUT_DATA /data.zip: the file is no zip archive',
  );
  const archive = zip({ 'a.csv': A, 'b.csv': B });
  archive.writeUInt16LE(1, archive.length - 12);
  expect(await collected(archive)).toContain('it lists more files than it counts');
});

test('a zip that is cut, or has a bit flipped anywhere, is refused or gives what it held', async () => {
  const whole = zip({ 'a.csv': A, 'b.csv': B });
  const wrong: string[] = [];
  const look = async (archive: Buffer, what: string): Promise<void> => {
    const told = await collected(archive, { format: 'csv' });
    const isFine =
      typeof told === 'string'
        ? told.startsWith('BAD_INPUT_DATA ')
        : JSON.stringify(told) === JSON.stringify(ROWS);
    if (!isFine) wrong.push(`${what}: ${JSON.stringify(told)}`);
  };
  for (let end = 0; end < whole.length; end += 7)
    await look(whole.subarray(0, end), `cut at ${end}`);
  for (let at = 0; at < whole.length; at += 3) {
    const flipped = Buffer.from(whole);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
    await look(flipped, `bit ${at % 8} of byte ${at}`);
  }
  expect(wrong).toEqual([]);
}, 180_000);
