import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { makeSecrets } from '../../src/activities/secrets.ts';

test('finds a secret in the environment', () => {
  const secret = makeSecrets({ env: { BUILDER_SECRET_API_TOKEN: 'from-env' } });
  expect(secret('API_TOKEN')).toBe('from-env');
});

test('finds a secret in its file and cuts one newline off its end', () => {
  withFolder((dir) => {
    writeFileSync(join(dir, 'API_TOKEN'), 'two lines\n\n');
    expect(makeSecrets({ env: {}, dir })('API_TOKEN')).toBe('two lines\n');
  });
});

test('prefers the environment to the file', () => {
  withFolder((dir) => {
    writeFileSync(join(dir, 'API_TOKEN'), 'from-file');
    const secret = makeSecrets({ env: { BUILDER_SECRET_API_TOKEN: 'from-env' }, dir });
    expect(secret('API_TOKEN')).toBe('from-env');
  });
});

test('reads the file anew each time, so that a rotated secret needs no restart', () => {
  withFolder((dir) => {
    const secret = makeSecrets({ env: {}, dir });
    writeFileSync(join(dir, 'KEY'), 'first');
    const before = secret('KEY');
    writeFileSync(join(dir, 'KEY'), 'second');
    expect([before, secret('KEY')]).toEqual(['first', 'second']);
  });
});

test('has nothing for a name that nobody set, nor for one that leaves its folder', () => {
  withFolder((dir) => {
    writeFileSync(join(dir, 'outside'), 'not a secret');
    const secret = makeSecrets({ env: {}, dir: join(dir, 'secrets') });
    expect([secret('API_TOKEN'), secret('../outside')]).toEqual([undefined, undefined]);
  });
});

test('refuses a secret too short to be blanked out, and names it', () => {
  const secret = makeSecrets({ env: { BUILDER_SECRET_PIN: '123' } });
  expect(() => secret('PIN')).toThrow(/'PIN'.*shorter than 4/);
});

function withFolder(work: (dir: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), 'builder-secrets-'));
  try {
    work(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}
