import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { ERROR_CODES, RETRYABLE } from '../../src/model/error-codes.ts';
import { ROOT } from '../harness/cli.ts';

test('docs/errors.md tells of every code, of no other, in the same words', async () => {
  const text = await readFile(join(ROOT, 'docs/errors.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` \| (.+) \| (.+) \|$/gm)];
  expect(Object.fromEntries(rows.map(([, code, meaning]) => [code, meaning]))).toEqual(ERROR_CODES);
  for (const [, code, , advice] of rows)
    expect([code, (advice ?? '').length > 10]).toEqual([code, true]);
});

test('docs/errors.md names the codes that are tried again', async () => {
  const text = await readFile(join(ROOT, 'docs/errors.md'), 'utf8');
  const paragraph = text.split('\n\n').find((part) => part.startsWith('Tried again')) ?? '';
  expect(new Set([...paragraph.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code))).toEqual(
    RETRYABLE,
  );
});
