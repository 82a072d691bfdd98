import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { showInputs } from '../../src/duckdb/inputs.ts';
import { withSession } from '../../src/duckdb/session.ts';
import { writeTable } from '../../src/duckdb/write.ts';

import type { SessionContext } from '../../src/duckdb/session.ts';

function contextOf(folder: string, inputs: SessionContext['inputs'] = {}): SessionContext {
  const limits = { threads: 1, memoryBytes: 200_000_000 };
  return { folder, limits, signal: new AbortController().signal, inputs, sources: [] };
}

test.each(['st*r', 'a?b', '[c]', 'a[b', '{a,b}', "it's", 'k=1', 'a#b%20'])(
  'a table is read from a store in the folder %s, and from nowhere else',
  async (name) => {
    const root = await mkdtemp(join(tmpdir(), 'duckdb-paths-'));
    try {
      const write = async (folder: string, value: number): Promise<string> => {
        await mkdir(folder);
        const path = join(folder, 't.parquet');
        await withSession(contextOf(folder), (session) =>
          writeTable(session, `(select ${value} as n)`, path, 'none').then(() => undefined),
        );
        return path;
      };
      const path = await write(join(root, name), 1);
      for (const sibling of ['stXr', 'axb', 'c']) await write(join(root, sibling), 99);
      const artifact = { path, format: 'parquet', sha256: '', bytes: 0 } as const;
      const inputs = {
        made: { outputs: { table: artifact }, values: {} },
      } as unknown as SessionContext['inputs'];
      await mkdir(join(root, 'attempt'));
      await withSession(contextOf(join(root, 'attempt'), inputs), async (session) => {
        await showInputs(session, inputs);
        expect(await session.rows('select * from made')).toEqual([{ n: 1 }]);
      });
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
);
