import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { showInputs } from '../../src/duckdb/inputs.ts';
import { makeSharedEngine } from '../../src/duckdb/shared-engine.ts';
import { withSession } from '../../src/duckdb/session.ts';
import { writeTable } from '../../src/duckdb/write.ts';

import type { SessionContext } from '../../src/duckdb/session-port.ts';

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
          writeTable(session, `(select ${value} as n)`, path, 'by all columns').then(
            () => undefined,
          ),
        );
        return path;
      };
      const path = await write(join(root, name), 1);
      for (const sibling of ['stXr', 'axb', 'c']) await write(join(root, sibling), 99);
      const artifact = { path, format: 'parquet', sha256: '', bytes: 0 } as const;
      const inputs = {
        made: { outputs: { table: artifact }, values: {} },
      } as unknown as SessionContext['inputs'];
      const folder = join(root, name, 'attempt');
      await mkdir(folder);
      const engine = makeSharedEngine({ roots: [join(root, name)], scratch: join(root, 'spill') });
      for (const context of [contextOf(folder, inputs), { ...contextOf(folder, inputs), engine }]) {
        await withSession(context, async (session) => {
          await showInputs(session, inputs);
          expect(await session.rows('select * from made')).toEqual([{ n: 1 }]);
          expect(session.isShared).toBe('engine' in context);
          await writeTable(session, 'made', join(folder, 'again.parquet'), 'by all columns');
        });
      }
      await engine.close();
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
);
