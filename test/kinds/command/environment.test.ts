import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { execCommand } from '../../../src/kinds/exec-command.ts';
import { runKind, withAttempt } from './attempt.ts';

import type { StepContext } from '../../../src/kinds/contract.ts';

const environmentOf = async (more: object, changes: Partial<StepContext> = {}) =>
  withAttempt(async ({ context }) => {
    await runKind(
      execCommand,
      {
        command: [
          process.execPath,
          '-e',
          'fs.writeFileSync("env.json", JSON.stringify(process.env))',
        ],
        ...more,
      },
      context,
    );
    const env: Record<string, string> = JSON.parse(
      readFileSync(join(context.folder, 'env.json'), 'utf8'),
    );
    return env;
  }, changes);

test('holds only what is allowed', async () => {
  const env = await environmentOf(
    {},
    { env: { PATH: '/bin', HOME: '/home/ann', TOKEN: 'x', LANG: 'tr', TZ: 'Asia/Tokyo' } },
  );
  // The shell in between may add where it stands.
  const { PWD: _pwd, _, SHLVL: _level, OLDPWD: _old, TMPDIR, ...rest } = env;
  expect(rest).toEqual({
    PATH: '/bin',
    HOME: '/home/ann',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    BUILDER_RUN_ID: 'run-1',
    BUILDER_STEP: 'score',
    BUILDER_ATTEMPT: '1',
  });
  expect(TMPDIR).toMatch(/score\.1-1\/tmp$/);
});

test('holds what the profile sets and passes, and nothing for a variable that the worker has not', async () => {
  const env = await environmentOf(
    { env: { LEVEL: '7', TZ: 'Europe/Paris' }, pass_env: ['PROXY', 'ABSENT'] },
    { env: { PATH: '/bin', PROXY: 'http://proxy' } },
  );
  expect(env).toMatchObject({ LEVEL: '7', TZ: 'Europe/Paris', PROXY: 'http://proxy' });
  expect(env).not.toHaveProperty('ABSENT');
});

test('says where the inputs lie', async () => {
  const table = { path: '/store/aa', sha256: 'aa', bytes: 1, format: 'csv' as const };
  const env = await environmentOf({}, { inputs: { clean_up: { outputs: { table }, values: {} } } });
  expect(env).toMatchObject({ BUILDER_INPUT_CLEAN_UP_TABLE: '/store/aa' });
});

test('cannot name two inputs alike', async () => {
  const one = { path: '/store/aa', sha256: 'aa', bytes: 1, format: 'csv' as const };
  const inputs = {
    a_b: { outputs: { c: one }, values: {} },
    a: { outputs: { b_c: one }, values: {} },
  };
  await expect(environmentOf({}, { inputs })).rejects.toMatchObject({ code: 'BAD_OPTION' });
});
