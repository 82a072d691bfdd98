/**
 * Test files that others have collected: equal, refused as bad data, or with a reason of docs/exact.md; never a crash or a
 * changed value. `BUILDER_COLLECTIONS` names a folder that holds `csv-spectrum`, `json-test-suite` and `parquet-testing`
 * as their projects lay them out; without it their tests are told as skipped, and a few files of each kind are read.
 */

import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { collectFiles } from '../../../src/kinds/collect-files.ts';
import { exportDataset } from '../../../src/kinds/export-dataset.ts';
import { StepError } from '../../../src/model/step-error.ts';
import { withAttempt } from '../../kinds/harness.ts';

const FOLDER = process.env['BUILDER_COLLECTIONS'];
const whereGiven = FOLDER === undefined ? describe.skip : describe;

type Outcome =
  | {
      readonly is: 'read';
      readonly rows: readonly Record<string, unknown>[];
      readonly exports: string;
    }
  | { readonly is: 'refused'; readonly message: string }
  | { readonly is: 'broken'; readonly message: string };

/** Codes with which a file may be refused: for what is in it, or for more memory than the step has. */
const TOLD = new Set(['BAD_INPUT_DATA', 'OUT_OF_SPACE']);

/** Reads a file and exports what it holds. Whatever is no StepError of the data is broken. */
async function outcomeOf(name: string, bytes: Uint8Array, infer = true): Promise<Outcome> {
  let outcome: Outcome = { is: 'broken', message: 'nothing came' };
  await withAttempt({ files: { [name]: bytes } }, async ({ path, run, rows }) => {
    try {
      const { outputs } = await run(collectFiles, { from: path(name), infer });
      const table = outputs?.['table'];
      const all = await rows(table, 'select columns(*)::varchar from t');
      const { path: made = '', rows: count = 0 } = table ?? {};
      const input = { path: made, rows: count, sha256: 'x', bytes: 1, format: 'parquet' } as const;
      const inputs = { table: { outputs: { table: input }, values: {} } };
      const exports: string[] = [];
      for (const format of ['parquet', 'csv', 'jsonl']) {
        const options = { from: 'table', formats: [format] };
        const done = await run(exportDataset, options, { inputs }).catch(codeOf);
        exports.push(typeof done === 'string' ? done : 'OK');
      }
      outcome = { is: 'read', rows: all, exports: exports.join(' ') };
    } catch (error) {
      outcome =
        error instanceof StepError && TOLD.has(error.code)
          ? { is: 'refused', message: error.message }
          : { is: 'broken', message: String(error) };
    }
  });
  return outcome;
}

/** What a user can do something about has a code of its own; anything else is a fault of ours. */
function codeOf(error: unknown): string {
  if (error instanceof StepError && error.code !== 'SQL_ERROR') return error.code;
  throw error;
}

/** Lists what became of each file, so that one look tells which is not as it should be. */
async function outcomesIn(
  folder: string,
  isOne: (name: string) => boolean,
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  for (const name of (await readdir(folder)).filter(isOne).sort()) {
    outcomes.set(name, await outcomeOf(name, await readFile(join(folder, name))));
  }
  return outcomes;
}

const namesOf = (outcomes: ReadonlyMap<string, Outcome>, is: Outcome['is']): readonly string[] =>
  [...outcomes].flatMap(([name, outcome]) => (outcome.is === is ? [name] : []));

/** Why a text that is JSON may be no table, each told in docs/exact.md. */
const NO_TABLE =
  /holds no record|stands twice in one object|half of a surrogate pair|a NUL character|no record has a key|where the records before it are/;

whereGiven('collections of others (BUILDER_COLLECTIONS)', () => {
  test('csv-spectrum: every file has the values that stand beside it', async () => {
    const csvs = join(FOLDER!, 'csv-spectrum', 'csvs');
    for (const name of await readdir(csvs)) {
      const outcome = await outcomeOf(name, await readFile(join(csvs, name)), false);
      const beside = join(FOLDER!, 'csv-spectrum', 'json', `${basename(name, '.csv')}.json`);
      const said = JSON.parse(await readFile(beside, 'utf8')) as Record<string, string>;
      // One of them is an object alone.
      const expected = [said].flat();
      // Its JSON has another phone number than the CSV.
      if (name === 'location_coordinates.csv') {
        expected[0]!['Contact Phone Number'] = '2095257564';
      }
      // An unquoted empty field is NULL.
      const texts = expected.map((row) =>
        Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value || null])),
      );
      const rows = outcome.is === 'read' ? outcome.rows : [outcome];
      const plain = rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [key, value === '' ? null : value]),
        ),
      );
      expect({ name, rows: plain }).toEqual({ name, rows: texts });
    }
  }, 600_000);

  test('JSONTestSuite: what is no JSON is refused, what is JSON is read or is no table', async () => {
    const folder = join(FOLDER!, 'json-test-suite', 'test_parsing');
    const outcomes = await outcomesIn(folder, (name) => name.endsWith('.json'));
    expect([...outcomes].filter(([, { is }]) => is === 'broken')).toEqual([]);
    // A byte order mark is dropped; and objects one after the other are a table, but no JSON.
    expect(namesOf(outcomes, 'read').filter((name) => name.startsWith('n_'))).toEqual([]);
    const unread = [...outcomes].filter(([name]) => name.startsWith('y_'));
    const without = unread.filter(
      ([, outcome]) => outcome.is === 'refused' && !NO_TABLE.test(outcome.message),
    );
    expect(without).toEqual([]);
  }, 600_000);

  test('parquet-testing: data is read or refused, bad data is refused', async () => {
    const isParquet = (name: string): boolean => name.endsWith('.parquet');
    const bad = await outcomesIn(join(FOLDER!, 'parquet-testing', 'bad_data'), isParquet);
    expect([...bad].filter(([, { is }]) => is === 'broken')).toEqual([]);
    expect(namesOf(bad, 'read')).toEqual([
      'ARROW-GH-43605.parquet',
      'ARROW-RS-GH-6229-LEVELS.parquet',
    ]);
    const data = await outcomesIn(join(FOLDER!, 'parquet-testing', 'data'), isParquet);
    expect([...data].filter(([, { is }]) => is === 'broken')).toEqual([]);
    expect(data.size).toBeGreaterThan(40);
  }, 600_000);
});

test.each([
  ['y.json', '[{"a":1E400}]', 'read'],
  ['y.json', '["\\uD801\\udc37"]', 'read'],
  ['y.json', ' [1] ', 'read'],
  ['y.json', '{"a":"b","a":"b"}', 'refused'],
  ['y.json', '["\\u0000"]', 'refused'],
  ['n.json', '[1,]', 'refused'],
  ['n.json', '[-01]', 'refused'],
  ['n.json', '["\\uD800\\"]', 'refused'],
  ['i.json', '["\\uDADA"]', 'refused'],
  ['i.json', Buffer.from([0x5b, 0x22, 0xe9, 0x22, 0x5d]), 'refused'],
  ['a.csv', 'a,b\n1,"x\ny"\n', 'read'],
  ['a.parquet', 'PAR1PAR1', 'refused'],
] as const)('%s with %s is %s', async (name, content, is) => {
  expect((await outcomeOf(name, Buffer.from(content))).is).toBe(is);
});

test('a hundred thousand opening brackets are refused', async () => {
  expect((await outcomeOf('n.json', Buffer.from('['.repeat(100_000)))).is).toBe('refused');
});
