import { expect, test } from '@jest/globals';

import { ERROR_CODES, GATES, RETRYABLE } from '../../src/model/error-codes.ts';
import {
  endingOf,
  ENDINGS,
  failed,
  failureOfAttempt,
  interrupted,
} from '../../src/model/endings.ts';
import { StepError } from '../../src/model/step-error.ts';

const about = { limitMs: 2_000, log: '/l', durationMs: 5 };

test.each([
  ['time limit', 'timeout', 'ran longer than its limit of 2 s'],
  ['worker stopped', 'lost', 'its worker was told to stop'],
  ['not heard of', 'lost', 'its worker stopped answering'],
  ['cancelled', 'cancelled', 'the attempt was cancelled'],
] as const)('an attempt interrupted by %s ended %s', (interruption, ending, message) => {
  const why = interrupted(interruption, 2_000);
  expect(failed(why)).toMatchObject({ ending, failure: { message } });
  const thrown = new StepError('SQL_ERROR', 'interrupted');
  expect(failureOfAttempt(thrown, { ...about, interruption })).toEqual({
    ...why,
    log: '/l',
    durationMs: 5,
  });
});

test('what an attempt throws by itself is a failure with its own code', () => {
  const why = failureOfAttempt(new StepError('SQL_ERROR', 'no such column', { hint: 'Mend it.' }), {
    ...about,
    interruption: undefined,
  });
  expect(why).toMatchObject({ code: 'SQL_ERROR', hint: 'Mend it.', log: '/l', durationMs: 5 });
  expect(endingOf(why)).toBe('fail');
});

test('a code that nobody knows is a failure, whatever it is called', () => {
  for (const code of ['FROM_THE_FUTURE', 'constructor', ''])
    expect(endingOf({ code })).toBe('fail');
});

test('every code that is retried or a gate is in the catalogue, and each ending that retries has such a code', () => {
  for (const code of [...RETRYABLE, ...GATES]) expect(Object.keys(ERROR_CODES)).toContain(code);
  const retried = Object.keys(ERROR_CODES).filter(
    (code) => ENDINGS[endingOf({ code })].retried !== 'never' && RETRYABLE.has(code),
  );
  expect(new Set(retried)).toEqual(RETRYABLE);
});
