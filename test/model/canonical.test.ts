import { isDeepStrictEqual } from 'node:util';

import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { canonicalJson, wiredJson } from '../../src/model/canonical.ts';

test('sorts keys at every depth and leaves undefined properties out', () => {
  expect(canonicalJson({ b: [{ z: 1, a: 'x' }], a: null, c: undefined })).toBe(
    '{"a":null,"b":[{"a":"x","z":1}]}',
  );
});

test('says zero in one way', () => {
  expect(canonicalJson(-0)).toBe(canonicalJson(0));
});

test.each([[NaN], [Infinity], [undefined], [[undefined]], [() => 1], [10n], [new Date(0)]])(
  'refuses %p, which JSON cannot say',
  (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  },
);

test('names the place of what it refuses', () => {
  expect(() => canonicalJson({ a: [1, NaN] })).toThrow('$.a[1]');
});

test('keeps every key, also one named __proto__', () => {
  expect(canonicalJson(JSON.parse('{"__proto__":1}'))).toBe('{"__proto__":1}');
});

test('gives equal texts for equal values in any order of keys, and reads back as the value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(reversed(value))).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('gives different texts for different values', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const equal = isDeepStrictEqual(plain(a), plain(b));
      expect(canonicalJson(a) === canonicalJson(b)).toBe(equal);
    }),
  );
});

/** The value as JSON carries it: no minus zero. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** The same value with the keys of every object in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reversed(item)]),
  );
}

test.each([
  { a: 1, b: undefined },
  [1, undefined, Number.NaN],
  { list: [{ at: new Date(0), b: undefined }] },
  { b: 'x', a: [null, true, -0] },
])('writes %o as it stands after a wire', (value) => {
  expect(wiredJson(value)).toBe(canonicalJson(JSON.parse(JSON.stringify(value))));
});
