import { expect, test } from '@jest/globals';

import { closest, didYouMean } from '../../src/model/suggest.ts';

test.each([
  ['tiemout', 'timeout'],
  ['transfrom.sql', 'transform.sql'],
  ['NEEDS', 'needs'],
  ['usse', 'uses'],
])('takes %s for %s', (name, found) => {
  expect(closest(name, ['needs', 'uses', 'timeout', 'transform.sql'])).toBe(found);
});

test.each(['completely', 'xyz', ''])('takes %j for nothing', (name) => {
  expect(didYouMean(name, ['needs', 'uses', 'timeout'])).toBeUndefined();
});

test('asks a question that can be answered', () => {
  expect(didYouMean('neds', ['needs'])).toBe("Did you mean 'needs'?");
});
