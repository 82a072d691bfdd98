import { expect, test } from '@jest/globals';

import { sortUnnamed } from '../../../src/store/prune/waiting.ts';

import type { Batch } from '../../../src/store/prune/bytes.ts';

const file = (name: string, identity = '1') => [name, { bytes: 1, identity }] as const;
const names = (files: readonly (readonly [string, unknown])[]) => files.map(([name]) => name);
const BATCH: Batch = { waitsFor: ['run 1'], files: [['a', '1']], dropped: ['f'] };

test('where nothing goes on, all of it is free', () => {
  const sorted = sortUnnamed({
    ...{ unnamed: [file('a'), file('b')], dropped: ['f'], goingOn: [], earlier: [BATCH] },
  });
  expect(names(sorted.free)).toEqual(['a', 'b']);
  expect(sorted.isOver('f')).toBe(true);
  expect(sorted.batches).toEqual([]);
});

test('what goes on holds back what is not named now, and is written down', () => {
  const sorted = sortUnnamed({
    ...{ unnamed: [file('a')], dropped: ['f'], goingOn: ['run 1'], earlier: [] },
  });
  expect(names(sorted.waiting)).toEqual(['a']);
  expect(sorted.isOver('f')).toBe(false);
  expect(sorted.batches).toEqual([BATCH]);
});

test('what began later holds back nothing that was not named before', () => {
  const sorted = sortUnnamed({
    ...{ unnamed: [file('a'), file('b')], dropped: ['f', 'g'] },
    ...{ goingOn: ['run 2'], earlier: [BATCH] },
  });
  expect(names(sorted.free)).toEqual(['a']);
  expect([sorted.isOver('f'), sorted.isOver('g')]).toEqual([true, false]);
  expect(sorted.batches).toEqual([{ waitsFor: ['run 2'], files: [['b', '1']], dropped: ['g'] }]);
});

test('a file of the same name that is another one waits anew', () => {
  const sorted = sortUnnamed({
    ...{ unnamed: [file('a', '2')], dropped: [], goingOn: ['run 2'], earlier: [BATCH] },
  });
  expect(sorted.free).toEqual([]);
  expect(sorted.batches).toMatchObject([{ files: [['a', '2']] }]);
});

test('a batch that still waits stays as it is, and is not written twice', () => {
  const sorted = sortUnnamed({
    ...{ unnamed: [file('a')], dropped: ['f'], goingOn: ['run 1', 'run 2'], earlier: [BATCH] },
  });
  expect(names(sorted.waiting)).toEqual(['a']);
  expect(sorted.batches).toEqual([BATCH]);
});
