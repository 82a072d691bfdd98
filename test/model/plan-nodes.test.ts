import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  concatOf,
  isConcat,
  isNodeKey,
  isRef,
  isSecret,
  isSql,
  mapNodes,
  mentionOf,
  NODE_KEYS,
  nodesIn,
  piecesOf,
  refTo,
  secretNamed,
  sqlOf,
} from '../../src/model/plan-nodes.ts';
import { ROOT } from '../harness/cli.ts';

import type { Json } from '../../src/model/json.ts';

const rows = refTo({ step: 'clean', part: 'values', name: 'rows' });
const table = refTo({ step: 'clean', part: 'outputs', name: 'table' });
const token = secretNamed('TOKEN');

test('no other file of the program says how a node is written', async () => {
  const keys = Object.values(NODE_KEYS).map((key) => key.slice(1));
  const written = new RegExp(`\\$(${keys.join('|')})\\b(?!: '#/)`);
  const names = await readdir(join(ROOT, 'src'), { recursive: true });
  const found: string[] = [];
  for (const name of names.filter((each) => each.endsWith('.ts'))) {
    if (written.test(await readFile(join(ROOT, 'src', name), 'utf8'))) found.push(name);
  }
  expect(found).toEqual(['model/plan-nodes.ts']);
});

test('a node is an object with nothing but its one key, of the right type', () => {
  expect([isRef(rows), isSecret(token), isSql(sqlOf(['a']))]).toEqual([true, true, true]);
  expect(isConcat(concatOf(['a', rows]))).toBe(true);
  for (const other of [{ ...rows, note: 'kept' }, { $ref: 1 }, [rows], null, 'text', {}]) {
    expect([isRef(other), isSecret(other), isConcat(other), isSql(other)]).not.toContain(true);
  }
});

test('a reference tells what it names; one that no resolver would write names nothing', () => {
  expect(mentionOf(table)).toEqual({ step: 'clean', part: 'outputs', name: 'table' });
  expect(mentionOf({ $ref: 'params.country' })).toBeUndefined();
});

test('neighbouring texts are one text', () => {
  expect(piecesOf(concatOf(['a', 'b', token, 'c', 'd']))).toEqual(['ab', token, 'cd']);
  expect(piecesOf(sqlOf(['select ', '1']))).toEqual(['select 1']);
});

test('finds every reference and secret, wherever it stands', () => {
  const options: Json = {
    a: [rows, { b: concatOf(['x', token]) }],
    sql: sqlOf(['select ', { value: 1 }, table]),
    none: 'text',
  };
  expect(nodesIn(options)).toEqual([rows, token, table]);
});

test('mapping every leaf and node to itself changes nothing', () => {
  const leaf = fc.oneof(
    fc.constantFrom<Json>(rows, table, token, concatOf(['a', rows]), sqlOf(['b', { value: 1 }])),
    fc.jsonValue() as fc.Arbitrary<Json>,
  );
  const { options } = fc.letrec<{ options: Json }>((tie) => ({
    options: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.array(tie('options')),
      fc.dictionary(fc.string(), tie('options')),
    ),
  }));
  fc.assert(
    fc.property(options, (value) => {
      const same = mapNodes<Json>(value, {
        scalar: (scalar) => scalar,
        ref: (node) => node,
        secret: (node) => node,
        concat: (pieces) => concatOf(pieces),
        sql: (parts) => sqlOf(parts),
      });
      expect(JSON.stringify(same)).toBe(JSON.stringify(value));
    }),
  );
});

test('every key of a node is known as one', () => {
  expect(Object.values(NODE_KEYS).every(isNodeKey)).toBe(true);
  expect(isNodeKey('sql')).toBe(false);
});
