import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { makeRedactor } from '../../src/activities/redactor.ts';

const SECRET = 'p@ss w/rd+1';

test('blanks a secret out and leaves the rest as it is', () => {
  expect(makeRedactor([SECRET]).text(`login ${SECRET} ok`)).toBe('login *** ok');
});

test('leaves text alone when there is no secret', () => {
  expect(makeRedactor([]).text('nothing to hide')).toBe('nothing to hide');
});

test.each([
  ['base64', Buffer.from(SECRET).toString('base64')],
  ['base64url', Buffer.from(SECRET).toString('base64url')],
  ['URL encoding', encodeURIComponent(SECRET)],
  ['URL encoding with small letters', encodeURIComponent(SECRET).toLowerCase()],
  ['form encoding', new URLSearchParams({ v: SECRET }).toString().slice(2)],
])('blanks out the %s of a secret', (_name, encoded) => {
  expect(makeRedactor([SECRET]).text(`<${encoded}>`)).toMatch(/^<\*\*\*=*>$/);
});

test('blanks out a secret inside a JSON document', () => {
  const quoted = 'say "hi" \\ now';
  expect(makeRedactor([quoted]).text(JSON.stringify({ token: quoted }))).toBe('{"token":"***"}');
});

test.each(['', 'a', 'ab', 'abc'])('blanks out base64 in which %j stands before it', (before) => {
  const secret = 'correct-horse-battery';
  const encoded = Buffer.from(`${before}${secret}:tail`).toString('base64');
  const shown = Buffer.from(makeRedactor([secret]).text(encoded).replaceAll('*', ''), 'base64');
  expect(encoded).not.toContain('*');
  expect(makeRedactor([secret]).text(encoded)).toContain('***');
  expect(shown.toString()).not.toContain('horse');
});

test('blanks out each line of a secret of many lines', () => {
  const key = '-----BEGIN KEY-----\nabcdefghijkl\nmnopqrstuvwx\n-----END KEY-----\n';
  const shown = makeRedactor([key]).text('  abcdefghijkl\n  mnopqrstuvwx\n');
  expect(shown).toBe('  ***\n  ***\n');
});

test('blanks out two secrets that overlap, whole', () => {
  expect(makeRedactor(['abcde', 'defgh']).text('<abcdefgh>')).toBe('<***>');
});

test.each(['', 'x', 'abc'])('refuses the secret %j as too short, without showing it', (value) => {
  expect(() => makeRedactor(['long enough', value])).toThrow('shorter than 4 characters');
});

test('shows what cannot become a secret at once, and holds back only what could', () => {
  const stream = makeRedactor(['token-1234']).stream();
  expect(stream.push('a token: tok')).toBe('a token: ');
  expect(stream.push('en-12')).toBe('');
  expect(stream.push('34 done')).toBe('*** done');
  expect(stream.end()).toBe('');
});

test('does not hold back for ever what looks like the start of a secret again and again', () => {
  const stream = makeRedactor(['aaaa']).stream();
  const shown = Array.from({ length: 1000 }, () => stream.push('aaaaaaaa')).join('');
  expect(shown + stream.end()).toBe('***');
});

test('keeps the end of a secret hidden while it could be the start of another', () => {
  const stream = makeRedactor(['cbba', 'aaaa']).stream();
  expect([stream.push('cbba'), stream.push(''), stream.push('aa'), stream.end()].join('')).toBe(
    makeRedactor(['cbba', 'aaaa']).text('cbbaaa'),
  );
});

// A small alphabet makes secrets, their parts and their overlaps likely.
const letters = (max: number, min = 0) =>
  fc
    .array(fc.constantFrom('a', 'b', 'c', '\n', '='), { minLength: min, maxLength: max })
    .map((parts) => parts.join(''));
const secrets = fc.array(letters(7, 4), { minLength: 1, maxLength: 3 });

test('shows the same however the text was cut into pieces', () => {
  fc.assert(
    fc.property(secrets, fc.array(letters(9), { maxLength: 12 }), (values, pieces) => {
      const redactor = makeRedactor(values);
      const stream = redactor.stream();
      const shown = pieces.map((piece) => stream.push(piece)).join('') + stream.end();
      expect(shown).toBe(redactor.text(pieces.join('')));
    }),
    { numRuns: 500 },
  );
});

test('never shows a secret, and shows every character that is in none', () => {
  fc.assert(
    fc.property(secrets, fc.array(letters(9), { maxLength: 6 }), (values, around) => {
      const whole = around.join(values[0]);
      const shown = makeRedactor(values).text(whole);
      for (const value of values) expect(shown).not.toContain(value);
      const rest = shown.split('***');
      let at = 0;
      for (const part of rest) {
        at = whole.indexOf(part, at) + part.length;
        expect(at).toBeGreaterThanOrEqual(part.length);
      }
    }),
    { numRuns: 500 },
  );
});
