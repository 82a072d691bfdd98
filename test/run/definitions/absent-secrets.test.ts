import { expect, test } from '@jest/globals';

import { absentSecrets } from '../../../src/run/definitions/absent-secrets.ts';

import type { Plan } from '../../../src/model/plan.ts';

const plan = {
  steps: [
    {
      id: 'load',
      options: { env: { A: { $secret: 'TOKEN' }, B: { $concat: ['x', { $secret: 'TOKEN' }] } } },
    },
    { id: 'tell', options: { env: { C: { $secret: 'HOOK' } } } },
    { id: 'none', options: { command: ['ls'] } },
  ],
} as unknown as Pick<Plan, 'steps'>;

test('names each secret of a step that has no value here, once', () => {
  const found = absentSecrets(plan, { env: { BUILDER_SECRET_HOOK: 'https://hook' } });
  expect(found).toEqual([
    { step: 'load', secret: 'TOKEN', why: expect.stringContaining('BUILDER_SECRET_TOKEN') },
  ]);
});

test('names one that is too short to be blanked out', () => {
  const env = { BUILDER_SECRET_HOOK: 'abc', BUILDER_SECRET_TOKEN: 'long enough' };
  const [only, ...others] = absentSecrets(plan, { env });
  expect(only?.why).toMatch(/too short/);
  expect(others).toEqual([]);
});
