import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';

import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from '@jest/globals';

import { collectFiles } from '../../src/kinds/collect-files.ts';
import { exportDataset } from '../../src/kinds/export-dataset.ts';
import { transformSql } from '../../src/kinds/transform-sql.ts';
import { withAttempt } from './harness.ts';

import type { Attempt } from './harness.ts';
import type { StepInputs } from '../../src/model/attempt-inputs.ts';

const ROWS =
  "select (i * 7919) % 300007 as id, i, 'name ' || i % 977 as name from range(300000) t(i)";

async function hashOf(path = ''): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

async function write(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

/** A table that a step of ours has made, as an input of the next. */
async function made(run: Attempt['run'], sql: string): Promise<StepInputs> {
  const { outputs } = await run(transformSql, { sql });
  const { path = '', rows = 0 } = outputs?.['table'] ?? {};
  const table = { path, rows, sha256: 'made', bytes: 1, format: 'parquet' } as const;
  return { made: { outputs: { table }, values: {} } };
}

test('exports a table of ours as the very file, with the bytes that writing it again would give', async () => {
  await withAttempt({ tables: { rows: ROWS } }, async ({ run, path }) => {
    const inputs = await made(run, 'select * from rows order by id');
    const { outputs, values } = await run(exportDataset, { from: 'made' }, { inputs });
    const [given] = Object.values(inputs).map((input) => input.outputs['table']?.path);
    expect(outputs?.['parquet']).toMatchObject({
      path: given,
      rows: 300_000,
      deliver: 'made.parquet',
    });
    expect(values).toEqual({ rows: 300_000 });
    const again = path('../again.parquet');
    await write(
      `create table t as from read_parquet('${given}'); copy (from t order by rowid) to '${again}' (format parquet, compression zstd, row_group_size 122880)`,
    );
    expect(await hashOf(given)).toBe(await hashOf(again));
  });
});

test('writes CSV and JSON Lines in the order of the table, whatever the threads', async () => {
  await withAttempt({ tables: { rows: ROWS } }, async ({ run, path }) => {
    const inputs = await made(run, 'select * from rows order by id');
    const file = inputs['made']?.outputs['table']?.path;
    const options = { from: 'made', formats: ['csv', 'jsonl'] };
    for (const threads of [1, 8]) {
      const limits = { threads, memoryBytes: 2 ** 28 };
      const { outputs } = await run(exportDataset, options, { inputs, limits });
      for (const [format, as] of [
        ['csv', "(format csv, header true, delimiter ',', quote '\"', escape '\"', nullstr '')"],
        ['jsonl', '(format json, array false)'],
      ]) {
        const again = path(`../again.${format}`);
        await write(
          `set threads = 1; copy (select id, i, name from read_parquet('${file}') order by id) to '${again}' ${as}`,
        );
        expect(await hashOf(outputs?.[format ?? '']?.path)).toBe(await hashOf(again));
      }
    }
  });
});

test.each([
  ['another compression', '(format parquet)'],
  ['other row groups', '(format parquet, compression zstd, row_group_size 20000)'],
  ['notes of its own', "(format parquet, compression zstd, kv_metadata {a: 'b'})"],
])('writes a table with %s again when it is exported', async (_, as) => {
  await withAttempt({ files: { x: '' } }, async ({ run, path }) => {
    const foreign = path('foreign.parquet');
    await write(`copy (${ROWS}) to '${foreign}' ${as}`);
    const table = { path: foreign, sha256: 'f', bytes: 1, format: 'parquet' } as const;
    const inputs = { made: { outputs: { table }, values: {} } };
    const { outputs } = await run(exportDataset, { from: 'made' }, { inputs });
    expect(outputs?.['parquet']?.path).not.toBe(foreign);
    const ours = await made(run, 'select 1 as a');
    const next = {
      made: {
        outputs: { table: { ...table, path: outputs?.['parquet']?.path ?? '' } },
        values: {},
      },
    };
    expect(
      (await run(exportDataset, { from: 'made' }, { inputs: next })).outputs?.['parquet']?.path,
    ).toBe(outputs?.['parquet']?.path);
    expect(ours).toBeDefined();
  });
});

test('takes a single Parquet file over byte for byte, and writes anything else again', async () => {
  await withAttempt({ files: { x: '' } }, async ({ run, path, rows }) => {
    const [one, two] = [path('one.parquet'), path('two.parquet')];
    await write(
      `copy (${ROWS}) to '${one}' (format parquet); copy (${ROWS}) to '${two}' (format parquet)`,
    );
    const before = await hashOf(one);
    const alone = await run(collectFiles, { from: one });
    expect(await hashOf(alone.outputs?.['table']?.path)).toBe(before);
    expect(alone.outputs?.['table']).toMatchObject({
      rows: 300_000,
      columns: [
        { name: 'id', type: 'BIGINT' },
        { name: 'i', type: 'BIGINT' },
        { name: 'name', type: 'VARCHAR' },
      ],
    });
    for (const options of [
      { from: [one, two] },
      { from: one, types: { i: 'DOUBLE' } },
      { from: one, filename_column: 'file' },
    ]) {
      const { outputs } = await run(collectFiles, options);
      expect(await hashOf(outputs?.['table']?.path)).not.toBe(before);
    }
    expect(await rows(alone.outputs?.['table'], 'select max(i) as n from t')).toEqual([
      { n: '299999' },
    ]);
  });
});

test('finds a damaged page of a Parquet file when it is taken over, not later', async () => {
  await withAttempt({ files: { x: '' } }, async ({ run, path }) => {
    const file = path('one.parquet');
    await write(`copy (${ROWS}) to '${file}' (format parquet, compression zstd)`);
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(4096, 0x5a), 0, 4096, 200_000);
    await handle.close();
    await expect(run(collectFiles, { from: file })).rejects.toThrow();
  });
});
