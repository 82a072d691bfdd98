import { expect, test } from '@jest/globals';

import { makeIo } from '../../src/cli/io.ts';

const TERMINAL = { isTTY: true, columns: 80 } as NodeJS.WriteStream;
const PIPE = {} as NodeJS.WriteStream;

test('results that go into a file are not painted and not cut, whatever the messages go to', () => {
  const io = makeIo(PIPE, TERMINAL, {}, '/w');
  expect(io).toMatchObject({ color: true, columns: 80 });
  expect(io.results).toEqual({ columns: Infinity, color: false });
});

test('results on a terminal are as wide as it is', () => {
  expect(makeIo(TERMINAL, PIPE, {}, '/w').results).toEqual({ columns: 80, color: true });
  expect(makeIo(TERMINAL, PIPE, { NO_COLOR: '1' }, '/w').results.color).toBe(false);
});
