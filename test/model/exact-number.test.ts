import { expect, test } from '@jest/globals';

import { exactNumber } from '../../src/model/exact-number.ts';

test.each([
  ['5', 5],
  ['-0.50', -0.5],
  ['1.10', 1.1],
  ['1e3', 1000],
  ['.5', 0.5],
  ['5.', 5],
  ['+7', 7],
  ['0.000', 0],
  ['1e300', 1e300],
  ['9007199254740991', 9_007_199_254_740_991],
])('keeps %s', (text, value) => {
  expect(exactNumber(text)).toBe(value);
});

test.each([
  '9007199254740993',
  '12345678901234567890',
  '0.1234567890123456789',
  '1e400',
  '1e-400',
  '1,5',
  '0x10',
  'Infinity',
  '',
  'x',
])('refuses %j, which a number would change or is none', (text) => {
  expect(exactNumber(text)).toBeUndefined();
});
