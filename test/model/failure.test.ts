import { expect, test } from '@jest/globals';

import { exitCode } from '../../src/model/exit-code.ts';
import { UserError } from '../../src/model/errors.ts';
import { failure, failureIn, failureOf } from '../../src/model/failure.ts';
import { StepError } from '../../src/model/step-error.ts';

import type { Outcome } from '../../src/model/outcome.ts';

test.each([
  [
    'a check that failed is a gate',
    new StepError('CHECK_FAILED', 'bad', { failedChecks: ['unique(id)'] }),
    { code: 'CHECK_FAILED', retryable: false, exitCode: 4, failedChecks: ['unique(id)'] },
  ],
  [
    'a full disk keeps its hint, and another try would not free it',
    new UserError('OUT_OF_SPACE', 'full', { hint: 'Free some space.' }),
    { code: 'OUT_OF_SPACE', message: 'full', hint: 'Free some space.', retryable: false },
  ],
  [
    'an exit code of its own stays',
    new UserError('ENGINE_UNREACHABLE', 'no answer', { exitCode: 3 }),
    { code: 'ENGINE_UNREACHABLE', exitCode: 3 },
  ],
  ['the world failing is retried', new Error('reset'), { code: 'STEP_FAILED', retryable: true }],
  ['anything can be thrown', 'just text', { code: 'STEP_FAILED', message: 'just text' }],
])('%s', (_what, error, expected) => {
  expect(failureOf(error)).toMatchObject(expected);
});

test('a mistake inside a run has the exit code of a failed run', () => {
  expect(failureOf(new UserError('FILE_NOT_FOUND', 'gone'))).not.toHaveProperty('exitCode');
});

test('is known again after a journey as JSON', () => {
  const sent = failure('STEP_TIMEOUT', 'too long', { durationMs: 7, hint: 'Raise it.' });
  expect(failureIn(JSON.parse(JSON.stringify(sent)))).toEqual(sent);
  expect(failureIn({ message: 'of somebody else' })).toBeUndefined();
  expect(failureIn(undefined)).toBeUndefined();
});

const ended = (status: Outcome['status'], about: Partial<Outcome> = {}): Outcome => ({
  ...{ step: 's', kind: 'k', status, attempts: 1, lost: 0, durationMs: 1, elapsedMs: 1 },
  endedAtMs: 1,
  ...about,
});

test.each([
  ['a run that is done', { status: 'WARN', outcomes: [ended('WARN', { exitCode: 4 })] }, 0],
  ['a cancelled run', { status: 'CANCELLED', outcomes: [ended('CANCELLED')] }, 130],
  ['a budget', { status: 'BUDGET_EXCEEDED', outcomes: [ended('BUDGET_EXCEEDED')] }, 4],
  ['gates alone', { status: 'FAIL', outcomes: [ended('OK'), ended('FAIL', { exitCode: 4 })] }, 4],
  [
    'a gate beside a failure',
    { status: 'FAIL', outcomes: [ended('FAIL', { exitCode: 4 }), ended('TIMEOUT')] },
    1,
  ],
  [
    'a failed delivery',
    { status: 'FAIL', outcomes: [ended('OK')], deliveryFailure: failure('OUT_OF_SPACE', 'full') },
    1,
  ],
] as const)('%s has the exit code of its kind', (_what, summary, code) => {
  expect(exitCode(summary)).toBe(code);
});
