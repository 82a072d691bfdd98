import { expect, test } from '@jest/globals';

import { inexactNumber } from '../../src/kinds/command/exact-values.ts';

test.each([
  ['{"a": 12345678901234567890}', '12345678901234567890'],
  ['{"a": [1, -9007199254740993]}', '-9007199254740993'],
  ['{"a": 0.1234567890123456789}', '0.1234567890123456789'],
  ['{"a": 1e999}', '1e999'],
])('finds in %s the number that would lose digits', (json, number) => {
  expect(inexactNumber(json)).toBe(number);
});

test('takes numbers as programs print them, and digits in texts', () => {
  const json =
    '{"a": 1.0, "b": -0.50, "c": 1e-05, "d": 1.2345678901234568e+16, "e\\"1": "12345678901234567890"}';
  expect(inexactNumber(json)).toBeUndefined();
});
