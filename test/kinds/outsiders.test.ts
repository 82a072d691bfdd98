/** What comes from strangers in files that no text shows: their types, their packing, the places where they lie. */

import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { expect, test } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';

import { collectFiles } from '../../src/kinds/collect-files.ts';
import { exportDataset } from '../../src/kinds/export-dataset.ts';
import { withAttempt } from './harness.ts';

/** A Parquet file of a query, with some bytes of its footer exchanged. */
async function parquetOf(
  query: string,
  exchange: readonly [string, string][] = [],
): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  await withAttempt({ files: { 'made.txt': '' } }, async ({ path }) => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(`copy (${query}) to '${path('a.parquet')}' (format parquet)`);
    connection.closeSync();
    instance.closeSync();
    bytes = await readFile(path('a.parquet'));
  });
  const at = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  let footer = bytes.subarray(at).toString('latin1');
  for (const [from, to] of exchange) {
    const plain = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1');
    expect(footer).toContain(plain(from));
    footer = footer.replaceAll(plain(from), plain(to));
  }
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(footer, 'latin1')]);
}

/** The type of a point in time in nanoseconds without a zone, with one, and of a time of day, as a footer has them. */
const [LOCAL, INSTANT, TIME] = ['8c121c3c00000000', '8c111c3c00000000', '7c121c3c00000000'];

const nanos = (text: string, wrap = (value: string): string => value): string =>
  `select ${wrap(`timestamp_ns '${text}'`)} as a`;

test.each([
  ['a point in time with a zone', nanos('2024-01-01 10:00:00.123456789'), INSTANT],
  ['one in a list', nanos('2024-01-01 10:00:00.000000001', (v) => `[${v}]`), INSTANT],
  [
    'one in a list of a struct',
    nanos('2024-01-01 10:00:00.000000001', (v) => `{x: [${v}]}`),
    INSTANT,
  ],
  ['one in a map', nanos('2024-01-01 10:00:00.000000001', (v) => `map {'k': ${v}}`), INSTANT],
  ['a time of day', nanos('1970-01-01 10:00:00.123456789'), TIME],
])('nanoseconds of %s are refused, not cut off', async (_what, query, type) => {
  const bytes = await parquetOf(query, [[LOCAL, type]]);
  await withAttempt({ files: { 'a.parquet': bytes } }, async ({ path, run }) => {
    await expect(run(collectFiles, { from: path('a.parquet') })).rejects.toThrow(
      /a\.parquet: column 'a' has nanoseconds/,
    );
  });
});

test.each([
  ['a point in time with a zone', INSTANT, '2024-01-01 10:00:00.123456+00'],
  ['a time of day', TIME, '10:00:00.123456'],
])('%s in nanoseconds that are whole microseconds is read', async (_what, type, shown) => {
  const day = type === TIME ? '1970-01-01' : '2024-01-01';
  const bytes = await parquetOf(nanos(`${day} 10:00:00.123456`), [[LOCAL, type]]);
  await withAttempt({ files: { 'a.parquet': bytes } }, async ({ path, run, rows }) => {
    const { outputs } = await run(collectFiles, { from: path('a.parquet') });
    expect(await rows(outputs?.['table'], 'select a::varchar as a from t')).toEqual([{ a: shown }]);
  });
});

/** One INT96 as Arrow writes it, with the eight bytes of its nanoseconds from the 4th data byte on. */
const INT96 =
  'UEFSMRUAFSQVJCwVAhUAFQYVBhwAAAACAAAAAgEACpLuvSAAAJeKJQAVBBksNQAYBnNjaGVtYRUCABUGJQIYAWEAFgIZHBkcJgAcFQYZJQYAGRgBYRUAFgIWShZKJghJHBUAFQAVAgA8KQYZJgACAAAAFkoWAiYIFkoAKCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI2LjAuMRkcHAAAAHoAAABQQVIx';

test.each([
  [0, '2024-01-01 10:00:00.123456'],
  [0x15, undefined],
])('INT96 is read where a timestamp has it: %d nanoseconds', async (more, shown) => {
  const bytes = Buffer.from(INT96, 'base64');
  const at = bytes.indexOf(Buffer.from('000a92eebd20', 'hex'));
  bytes.writeUInt8(bytes.readUInt8(at) + more, at);
  await withAttempt({ files: { 'a.parquet': bytes } }, async ({ path, run, rows }) => {
    const reading = run(collectFiles, { from: path('a.parquet') });
    if (shown === undefined) {
      await expect(reading).rejects.toThrow(/column 'a' has nanoseconds \(or, as INT96, a day\)/);
      return;
    }
    const { outputs } = await reading;
    expect(await rows(outputs?.['table'], 'select a::varchar as a from t')).toEqual([{ a: shown }]);
  });
});

test('a FLOAT that is declared DOUBLE keeps its value, and a HUGE sum of types has room for both', async () => {
  const files = {
    'f.parquet': await parquetOf('select 0.1::float as a'),
    'i.parquet': await parquetOf('select -1::bigint as a'),
    'u.parquet': await parquetOf('select 18446744073709551615::ubigint as a'),
  };
  await withAttempt({ files }, async ({ path, run, rows }) => {
    const shown = async (options: object): Promise<unknown> => {
      const { outputs } = await run(collectFiles, options);
      return rows(outputs?.['table'], 'select a::varchar as a from t');
    };
    expect(await shown({ from: path('f.parquet'), columns: { a: 'DOUBLE' } })).toEqual([
      { a: '0.10000000149011612' },
    ]);
    expect(await shown({ from: [path('i.parquet'), path('u.parquet')] })).toEqual([
      { a: '-1' },
      { a: '18446744073709551615' },
    ]);
  });
});

test('columns made of folders have types as others have, by value or declared, in Parquet, too', async () => {
  const files = {
    'm=07/a.csv': 'v\n1\n',
    'm=08/a.csv': 'v\n2\n',
    'k=7/a.parquet': await parquetOf('select 1 as v'),
    'k=1/x/k=2/a.csv': 'v\n1\n',
  };
  await withAttempt({ files }, async ({ path, run }) => {
    const typesOf = async (options: object): Promise<unknown> => {
      const { outputs } = await run(collectFiles, { hive: true, ...options });
      return outputs?.['table']?.columns?.map(({ name, type }) => `${name} ${type}`);
    };
    expect(await typesOf({ from: path('m=*/a.csv') })).toEqual(['v BIGINT', 'm VARCHAR']);
    const declared = { columns: { m: 'INTEGER' } };
    expect(await typesOf({ from: path('m=*/a.csv'), ...declared })).toEqual([
      'v BIGINT',
      'm INTEGER',
    ]);
    expect(await typesOf({ from: path('k=*/*.parquet') })).toEqual(['v INTEGER', 'k BIGINT']);
    await expect(typesOf({ from: path('m=*/a.csv'), columns: { m: 'DATE' } })).rejects.toThrow(
      /m=07\/a\.csv:2: column 'm': `07` is no DATE/,
    );
    await expect(typesOf({ from: path('k=*/**/a.csv') })).rejects.toThrow(/two folders above it/);
  });
});

test('a named pipe that a pattern finds is refused, and nobody waits for it', async () => {
  await withAttempt({ files: { 'a.csv': 'v\n1\n' } }, async ({ path, run }) => {
    execFileSync('mkfifo', [path('b.csv')]);
    await expect(run(collectFiles, { from: `${dirname(path('a.csv'))}/*.csv` })).rejects.toThrow(
      /b\.csv is not a file/,
    );
  });
});

test('a Zstandard frame that has other bytes than it says is refused', async () => {
  // One frame of one raw block, its size in one byte behind the descriptor.
  const text = Buffer.from('v\n1\n');
  const frame = Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, text.length, (text.length << 3) | 1, 0, 0]),
    text,
  ]);
  const files = { 'a.csv.zst': frame, 'b.csv.zst': Buffer.from(frame) };
  files['b.csv.zst'].writeUInt8(text.length - 1, 5);
  await withAttempt({ files }, async ({ path, run, rows }) => {
    const { outputs } = await run(collectFiles, { from: path('a.csv.zst') });
    expect(await rows(outputs?.['table'])).toHaveLength(1);
    await expect(run(collectFiles, { from: path('b.csv.zst') })).rejects.toThrow(
      /it says that it has 3 bytes, but 4 were unpacked/,
    );
  });
});

test('a declared interval is exported as the text that the manifest names', async () => {
  await withAttempt({ files: { 'a.csv': 'v\n1 day\n' } }, async ({ path, run, rows }) => {
    const collected = await run(collectFiles, { from: path('a.csv'), columns: { v: 'INTERVAL' } });
    const { path: made = '', rows: count = 0 } = collected.outputs?.['table'] ?? {};
    const table = { path: made, rows: count, sha256: 'x', bytes: 1, format: 'parquet' } as const;
    const inputs = { t: { outputs: { table }, values: {} } };
    const { outputs } = await run(exportDataset, { from: 't', formats: ['parquet'] }, { inputs });
    expect(outputs?.['parquet']?.columns).toEqual([{ name: 'v', type: 'VARCHAR' }]);
    expect(await rows(outputs?.['parquet'], 'select typeof(v) as type, v from t')).toEqual([
      { type: 'VARCHAR', v: '1 day' },
    ]);
  });
});
