import { existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

import { expect, jest, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';

import { databaseFile, enginePaths } from '../../src/engine/engine-paths.ts';
import { ensureEngine } from '../../src/engine/engine.ts';
import { eventually, exists, leftovers, withFolder } from './scratch.ts';

import type { EngineOptions } from '../../src/engine/engine.ts';

// The first test may have to fetch the server.
jest.setTimeout(300_000);

function optionsFor(stateDir: string, lines: string[] = []): EngineOptions {
  return {
    stateDir,
    cacheDir: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    env: process.env,
    onProgress: (line) => lines.push(line),
  };
}

async function withClient<T>(address: string, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address, connectTimeout: 3000 });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

const start = (client: Client): Promise<unknown> =>
  client.workflow.start('nothing', { taskQueue: 'nobody', workflowId: 'kept' });

test('the real server takes workflows the moment it is ready, and keeps closed ones for 30 days', () =>
  withFolder(async (folder) => {
    const engine = await ensureEngine(optionsFor(folder));
    await withClient(engine.address, async (client) => {
      await start(client);
      const days = async (): Promise<number> => {
        const { config } = await client.workflowService.describeNamespace({ namespace: 'default' });
        return Number(config?.workflowExecutionRetentionTtl?.seconds) / 86_400;
      };
      let now = await days();
      for (let i = 0; i < 100 && now !== 30; i++) now = await days();
      expect(now).toBe(30);
    });
    expect((await fetch(engine.uiUrl)).status).toBe(200);
    await engine.release();
    expect(
      await eventually(() => !exists(engine.pid) && leftovers(folder).length === 0, 3000),
    ).toBe(true);
  }));

test('what the server knew survives its kill', () =>
  withFolder(async (folder) => {
    const options = optionsFor(folder);
    const first = await ensureEngine(options);
    await withClient(first.address, start);
    process.kill(first.pid, 'SIGKILL');
    const beforeMs = performance.now();
    const second = await ensureEngine(options);
    expect(performance.now() - beforeMs).toBeLessThan(5000);
    const status = await withClient(second.address, async (client) =>
      client.workflow.getHandle('kept').describe(),
    );
    expect(status.status.name).toBe('RUNNING');
    await first.release();
    await second.release();
  }));

test.each([
  // With its log intact SQLite would even repair it.
  ['rubbish', (path: string) => writeFileSync(path, 'rubbish '.repeat(1000))],
  ['without its pages', (path: string) => truncateSync(path, 512)],
])('a database that is %s is moved aside', (_what, spoil) =>
  withFolder(async (folder) => {
    const lines: string[] = [];
    const first = await ensureEngine(optionsFor(folder));
    const database = databaseFile(enginePaths(folder), first.version);
    await withClient(first.address, start);
    process.kill(first.pid, 'SIGKILL');
    await eventually(() => !exists(first.pid));
    rmSync(`${database}-wal`);
    spoil(database);
    const second = await ensureEngine(optionsFor(folder, lines));
    await withClient(second.address, start);
    expect(lines).toEqual([expect.stringContaining('could not be opened')]);
    expect(readdirSync(dirname(database)).some((name) => name.includes('unusable'))).toBe(true);
    expect(existsSync(database)).toBe(true);
    await first.release();
    await second.release();
  }),
);
