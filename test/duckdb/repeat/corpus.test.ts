import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { transformSql } from '../../../src/kinds/transform-sql.ts';
import { withAttempt } from '../../kinds/harness.ts';
import { OPEN, STEADY, TABLES } from './corpus.ts';

test.each(STEADY)(
  'gives the same bytes without a word for %s',
  async (sql) => {
    await withAttempt({ tables: TABLES }, async ({ run }) => {
      const found = new Set<string>();
      for (const threads of [1, 2, 8]) {
        for (const megabytes of [150, 1024]) {
          const limits = { threads, memoryBytes: megabytes * 1024 * 1024 };
          const { outputs, warning } = await run(transformSql, { sql }, { limits });
          const bytes = await readFile(outputs?.['table']?.path ?? '');
          found.add(`${warning ?? ''}${createHash('sha256').update(bytes).digest('hex')}`);
        }
      }
      expect([...found]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    });
  },
  60_000,
);

test.each(OPEN)('warns with the place that may differ: %s', async (sql, words) => {
  await withAttempt({ tables: TABLES }, async ({ run }) => {
    const { warning } = await run(transformSql, { sql });
    expect(warning).toMatch(words);
  });
});
