import { expect, test } from '@jest/globals';

import { problemLine, problemWithSource } from '../../src/definition/render-problems.ts';

import type { Problem } from '../../src/model/errors.ts';

const PROBLEM: Problem = {
  code: 'UNKNOWN_KEY',
  file: 'profiles/a.yaml',
  line: 2,
  column: 6,
  message: "unknown key 'x'; allowed keys: y",
  hint: "Did you mean 'y'?",
};

test('says where, what is wrong, what is allowed and what to do in one line', () => {
  expect(problemLine(PROBLEM)).toBe(
    "profiles/a.yaml:2:6: UNKNOWN_KEY: unknown key 'x'; allowed keys: y. Did you mean 'y'?",
  );
  expect(problemLine({ ...PROBLEM, file: '--param x', line: 0, column: 0, hint: 'Do.' })).toBe(
    "--param x: UNKNOWN_KEY: unknown key 'x'; allowed keys: y. Do.",
  );
});

test.each([
  ['a plain line', 'a: 1\nb: { x: 2 }\n', '  2 | b: { x: 2 }\n           ^'],
  ['Windows line ends', 'a: 1\r\nb: { x: 2 }\r\n', '  2 | b: { x: 2 }\n           ^'],
  ['tabs', 'a: 1\nb:\t{ x: 2 }\n', '  2 | b: { x: 2 }\n           ^'],
])('points into %s', (_name, text, shown) => {
  expect(problemWithSource(PROBLEM, text)).toBe(`${problemLine(PROBLEM)}\n${shown}`);
});

test.each([
  ['wide letters', 'a: 1\n東京: x\n', 5, '  2 | 東京: x\n            ^'],
  ['an emoji', 'a: 1\n🛫: x\n', 5, '  2 | 🛫: x\n          ^'],
])('points behind %s, which take two cells', (_name, text, column, shown) => {
  expect(
    problemWithSource({ ...PROBLEM, column }, text)
      .split('\n')
      .slice(1)
      .join('\n'),
  ).toBe(shown);
});

test.each([undefined, 'one line', `a\n${'x'.repeat(500)}`])(
  'leaves the line out where it does not help',
  (text) => {
    expect(problemWithSource(PROBLEM, text)).toBe(problemLine(PROBLEM));
  },
);
