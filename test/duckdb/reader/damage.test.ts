/**
 * Files that were whole are cut, or lose a byte, or have one changed: never is the rest taken for the whole.
 * `BUILDER_DAMAGED` says how many; the seed is told on failure.
 */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import { parse as parseCsv } from 'csv-parse/sync';
import fc from 'fast-check';
import xxhash from 'xxhash-wasm';

import { collectFiles } from '../../../src/kinds/collect-files.ts';
import { StepError } from '../../../src/model/step-error.ts';
import { withAttempt } from '../../kinds/harness.ts';

const RUNS = Number(process.env['BUILDER_DAMAGED'] ?? 80);

const ROWS = Array.from({ length: 40 }, (_, id) => ({
  id,
  name: id % 3 === 0 ? `a "quoted", ${id}\nname` : `name ${id}`,
  amount: `${id}.${id % 10}5`,
}));
const quoted = (text: string): string =>
  /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
const CSV = [
  'id,name,amount',
  ...ROWS.map(({ id, name, amount }) => `${id},${quoted(name)},${amount}`),
  '',
].join('\n');
const JSONL = ROWS.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Every way in which Parquet pages are packed here. */
const CODECS = ['uncompressed', 'snappy', 'gzip', 'brotli', 'lz4_raw', 'zstd'];
const TEXTS = ['a.csv', 'a.json', 'a.jsonl'];
const PACKED = [
  'a.csv.gz',
  'a.json.gz',
  'a.jsonl.gz',
  'a.csv.zst',
  'a.json.zst',
  'a.jsonl.zst',
  'a.zip',
  'b.zip',
];

const whole: Record<string, Buffer> = {};
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'builder-damage-'));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = `select i as id, 'name ' || i as name, cast(i as decimal(10, 2)) as amount from range(5000) as t(i)`;
  const made = async (name: string, options: string): Promise<Buffer> => {
    await connection.run(`copy (${rows}) to '${join(folder, name)}' (${options})`);
    return readFile(join(folder, name));
  };
  for (const codec of CODECS) {
    const name = `a.${codec}.parquet`;
    whole[name] = await made(name, `format parquet, compression ${codec}`);
  }
  whole['a.csv.zst'] = await checked(
    await made('a.csv.zst', 'format csv, compression zstd'),
    rows,
    connection,
  );
  connection.closeSync();
  instance.closeSync();
  whole['a.csv.gz'] = Buffer.concat([gzipSync(CSV.slice(0, 500)), gzipSync(CSV.slice(500))]);
  whole['a.jsonl.gz'] = gzipSync(JSONL);
  whole['a.json.gz'] = gzipSync(JSON.stringify(ROWS));
  whole['a.json.zst'] = stored(await xxhash(), JSON.stringify(ROWS));
  whole['a.jsonl.zst'] = stored(await xxhash(), JSONL);
  whole['a.zip'] = zipped({ 'a.csv': CSV });
  whole['b.zip'] = zipped({ 'a.jsonl.gz': gzipSync(JSONL.slice(0, 1000)), 'b.jsonl': JSONL });
  whole['a.csv'] = Buffer.from(CSV);
  whole['a.jsonl'] = Buffer.from(JSONL);
  whole['a.json'] = Buffer.from(JSON.stringify(ROWS));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A Zstandard frame of one block that is stored as it is, with its size and checksum. */
function stored({ create64 }: Awaited<ReturnType<typeof xxhash>>, text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x64, 0, 0, 0, 0, 0]);
  head.writeUInt16LE(bytes.length - 256, 5);
  head.writeUIntLE((bytes.length << 3) | 1, 7, 3);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(Number(create64().update(bytes).digest() & 0xffffffffn));
  return Buffer.concat([head, bytes, tail]);
}

/** A zip archive of these files, deflated. */
function zipped(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const bytes = Buffer.from(text);
    const packed = deflateRawSync(bytes);
    const about = Buffer.alloc(26);
    about.writeUInt16LE(20, 0);
    about.writeUInt16LE(8, 4);
    about.writeUInt32LE(crc32(bytes), 10);
    about.writeUInt32LE(packed.length, 14);
    about.writeUInt32LE(bytes.length, 18);
    about.writeUInt16LE(name.length, 22);
    parts.push(Buffer.from('PK\u0003\u0004'), about, Buffer.from(name), packed);
    const more = Buffer.alloc(14);
    more.writeUInt32LE(at, 10);
    list.push(Buffer.from('PK\u0001\u0002\u0014\u0000'), about, more, Buffer.from(name));
    at += 30 + name.length + packed.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(files).length, 4);
  end.writeUInt16LE(Object.keys(files).length, 6);
  end.writeUInt32LE(Buffer.concat(list).length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, ...list, Buffer.from('PK\u0005\u0006'), end]);
}

/** The same frame with a checksum, which DuckDB does not write. */
async function checked(
  frame: Buffer,
  rows: string,
  connection: Awaited<ReturnType<DuckDBInstance['connect']>>,
): Promise<Buffer> {
  const plain = join(folder, 'plain.csv');
  await connection.run(`copy (${rows}) to '${plain}' (format csv)`);
  const { create64 } = await xxhash();
  const sum =
    create64()
      .update(await readFile(plain))
      .digest() & 0xffffffffn;
  const flagged = Buffer.from(frame);
  flagged[4]! |= 4;
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(Number(sum));
  return Buffer.concat([flagged, tail]);
}

/** The rows as texts, or undefined: refused as bad data. */
async function read(
  name: string,
  bytes: Buffer,
): Promise<readonly (readonly string[])[] | undefined> {
  let found: readonly (readonly string[])[] | undefined;
  await withAttempt({ files: { [name]: bytes } }, async ({ path, run, rows }) => {
    try {
      const { outputs } = await run(collectFiles, { from: path(name), infer: false });
      const all = await rows(outputs?.['table'], 'select columns(*)::varchar from t');
      found = all.map((row) => Object.values(row).map(String));
    } catch (error) {
      if (!(error instanceof StepError) || error.code !== 'BAD_INPUT_DATA') throw error;
    }
  });
  return found;
}

const damage = fc.record({
  name: fc.constantFrom(...TEXTS, ...PACKED, ...CODECS.map((codec) => `a.${codec}.parquet`)),
  how: fc.constantFrom('cut', 'flip', 'drop'),
  where: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  bit: fc.integer({ min: 0, max: 7 }),
});

test.each(
  Object.entries({
    'a.csv.zst': 5000,
    'a.csv.gz': 40,
    'a.zstd.parquet': 5000,
    'a.json': 40,
    'a.zip': 40,
    'a.jsonl.zst': 40,
    'a.json.zst': 40,
  }),
)('%s has %d rows while it is whole', async (name, count) => {
  expect(await read(name, whole[name]!)).toHaveLength(count);
});

test('what is damaged is refused, or is what another strict reader finds in it', async () => {
  await fc.assert(
    fc.asyncProperty(damage, async ({ name, how, where, bit }) => {
      const bytes = whole[name]!;
      const at = Math.floor(where * bytes.length);
      const spoiled =
        how === 'cut'
          ? bytes.subarray(0, at)
          : how === 'drop'
            ? Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
            : Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte)));
      const found = await read(name, spoiled);
      if (found === undefined) return;
      if (name === 'a.csv') {
        const others = parseCsv(spoiled, {
          relax_quotes: true,
          skip_empty_lines: true,
        });
        const texts = others
          .slice(1)
          .map((row) => row.map((field) => (field === '' ? 'null' : field)));
        expect(found).toEqual(texts);
      } else if (name === 'a.json' || name === 'a.jsonl') {
        const text = spoiled.toString();
        const records = (
          name === 'a.json'
            ? JSON.parse(text)
            : text
                .trim()
                .split('\n')
                .map((line) => JSON.parse(line))
        ) as Record<string, unknown>[];
        const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
        expect(found).toEqual(
          records.map((record) => names.map((key) => String(record[key] ?? null))),
        );
        // Whole lines may be missing at the end; that nobody can know.
        if (how === 'cut' && name === 'a.jsonl')
          expect(text.endsWith('\n') || text.endsWith('}')).toBe(true);
      } else if (name.endsWith('.parquet') && how === 'flip') {
        // Its pages have no checksum: a value may be another, but none is missing.
        expect(found).toHaveLength(5000);
      } else {
        // The bytes that say nothing about the content, such as the time in gzip's header.
        expect(found).toEqual(await read(name, bytes));
      }
    }),
    { numRuns: RUNS },
  );
}, 3_600_000);
