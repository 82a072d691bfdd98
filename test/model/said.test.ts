import { expect, test } from '@jest/globals';

import { failure } from '../../src/model/failure.ts';
import { fitting, saidOf } from '../../src/model/said.ts';

import type { Said } from '../../src/model/said.ts';

/** What six hundred outcomes of this kind say in one run. */
function sixHundred(words: Said): readonly Said[] {
  let takenBytes = 0;
  return Array.from({ length: 600 }, () => {
    const fitted = fitting(words, takenBytes);
    takenBytes = fitted.takenBytes;
    return fitted.said;
  });
}

const LONG = '漢'.repeat(2_000);

test('six hundred long failures fit into one answer, and the first ones are told whole', () => {
  const log = `/${'x'.repeat(3_000)}`;
  const all = sixHundred(saidOf(failure('COMMAND_FAILED', LONG, { hint: LONG, log })));
  expect(Buffer.byteLength(JSON.stringify(all))).toBeLessThan(1_100_000);
  expect(Buffer.byteLength(all[0]?.reason ?? '')).toBeGreaterThan(1_900);
  expect(all[0]?.log).toBe(log);
  expect(all.at(-1)).toEqual({
    code: 'COMMAND_FAILED',
    reason: expect.stringMatching(/^漢+ ... 漢+$/),
    hint: expect.stringMatching(/^漢/),
  });
});

test('so do six hundred long warnings; a short path and few names of checks stay in every one', () => {
  const names = { failedChecks: ['not_null(id)'], log: '/run/s.log' };
  const all = sixHundred({ reason: LONG, ...names });
  expect(Buffer.byteLength(JSON.stringify(all))).toBeLessThan(1_100_000);
  expect(all.at(-1)).toMatchObject(names);
});

test('a failure that is allowed keeps its words', () => {
  const said = saidOf(failure('SQL_ERROR', 'no column', { hint: 'Mend it.' }), 'allowed to fail: ');
  expect(said).toEqual({
    ...{ code: 'SQL_ERROR', reason: 'allowed to fail: no column', hint: 'Mend it.' },
  });
});
