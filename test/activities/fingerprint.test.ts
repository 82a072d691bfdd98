import { createHash } from 'node:crypto';

import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { canonicalJson } from '../../src/model/canonical.ts';
import { fingerprintOf } from '../../src/activities/fingerprint.ts';

import type { FingerprintParts } from '../../src/activities/fingerprint.ts';
import type { Json } from '../../src/model/plan.ts';

const parts: FingerprintParts = {
  kind: 'transform.sql',
  version: '1+duckdb-1.5',
  options: { sql: { $sql: ['select ', { value: 1 }] }, ordered: true },
  sources: [{ original: '/home/ann/score.py', sha256: 'aa' }],
  inputs: { clean: { outputs: { table: { sha256: 'bb', format: 'parquet' } } } },
};
const of = (changed: Partial<FingerprintParts> = {}) =>
  fingerprintOf({ ...parts, ...changed }).fingerprint;

test('is the sha256 of the canonical text of its ingredients', () => {
  const { fingerprint, ingredients } = fingerprintOf(parts);
  expect(fingerprint).toBe(createHash('sha256').update(canonicalJson(ingredients)).digest('hex'));
});

test.each<[string, Partial<FingerprintParts>]>([
  ['the kind', { kind: 'check.table' }],
  ['its version', { version: '2+duckdb-1.5' }],
  ['an option', { options: { sql: { $sql: ['select ', { value: 2 }] }, ordered: true } }],
  ['the bytes of a source', { sources: [{ original: '/home/ann/score.py', sha256: 'ab' }] }],
  ['the name of a source', { sources: [{ original: '/home/ann/rank.py', sha256: 'aa' }] }],
  ['the number of sources', { sources: [] }],
  [
    'the bytes of an input',
    { inputs: { clean: { outputs: { table: { sha256: 'bc', format: 'parquet' } } } } },
  ],
  [
    'the format of an input',
    { inputs: { clean: { outputs: { table: { sha256: 'bb', format: 'csv' } } } } },
  ],
  [
    'the name of an input',
    { inputs: { clear: { outputs: { table: { sha256: 'bb', format: 'parquet' } } } } },
  ],
  ['the salt', { salt: 'run-1' }],
])('changes with %s', (_what, changed) => {
  expect(of(changed)).not.toBe(of());
});

test('does not change with where a file lies, nor with an input’s place, size or values', () => {
  const elsewhere = {
    sources: [
      { original: '/srv/jobs/score.py', sha256: 'aa', path: '/attempt/7/score.py', bytes: 1 },
    ],
    inputs: {
      clean: {
        outputs: {
          table: {
            sha256: 'bb',
            format: 'parquet' as const,
            path: '/other/store/bb',
            bytes: 9,
            rows: 3,
          },
        },
        values: { seconds: 12 },
      },
    },
  };
  expect(of(elsewhere)).toBe(of());
});

const options = fc.jsonValue({ noUnicodeString: false }).map((value) => plain(value));

test('does not depend on the order of keys', () => {
  fc.assert(
    fc.property(options, (value) => {
      expect(of({ options: { a: 1, b: value } })).toBe(of({ options: { b: value, a: 1 } }));
      expect(of({ options: reversed(value) })).toBe(of({ options: value }));
    }),
  );
});

test('tells any two different sets of options apart', () => {
  fc.assert(
    fc.property(options, options, (a, b) => {
      expect(of({ options: a }) === of({ options: b })).toBe(canonicalJson(a) === canonicalJson(b));
    }),
  );
});

test('changes when any one leaf of the options does', () => {
  fc.assert(
    fc.property(options, fc.nat(), (value, pick) => {
      const changed = withOneLeafChanged(value, pick);
      fc.pre(changed !== undefined);
      expect(of({ options: changed })).not.toBe(of({ options: value }));
    }),
  );
});

function plain(value: unknown): Json {
  const json: Json = JSON.parse(JSON.stringify(value));
  return json;
}

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => reversed(item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, reversed(item)] as const);
  return Object.fromEntries(entries.toReversed());
}

/** The value with its nth scalar replaced by one that says something else; undefined: it has none. */
function withOneLeafChanged(value: Json, pick: number): Json | undefined {
  const texts: string[] = [];
  JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null) texts.push(JSON.stringify(item));
    return item;
  });
  if (texts.length === 0) return undefined;
  let left = pick % texts.length;
  const changed = JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'object' && item !== null) return item;
    left -= 1;
    return left === -1 ? `${JSON.stringify(item)}, but other` : item;
  });
  return plain(JSON.parse(changed));
}
