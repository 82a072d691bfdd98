import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { boundText, bytesOf, lastBytes } from '../../src/model/bounded-text.ts';

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
);

test('counts bytes as UTF-8 has them', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(bytesOf(text)).toBe(Buffer.byteLength(text));
    }),
  );
});

test('never gives more bytes than allowed, and leaves a text alone that fits', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 20, max: 60 }), (text, most) => {
      const bounded = boundText(text, most);
      expect(Buffer.byteLength(bounded)).toBeLessThanOrEqual(most);
      if (Buffer.byteLength(text) <= most) expect(bounded).toBe(text);
      expect(Buffer.byteLength(lastBytes(text, most))).toBeLessThanOrEqual(most);
    }),
  );
});

test('keeps the beginning and the end, and no half character', () => {
  expect(boundText(`begin ${'漢'.repeat(50)} end`, 40)).toBe(`begin 漢 ... ${'漢'.repeat(7)} end`);
  expect(lastBytes('a😀😀', 5)).toBe('😀');
});
