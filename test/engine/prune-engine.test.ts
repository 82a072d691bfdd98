import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, jest, test } from '@jest/globals';

import { pruneEngine } from '../../src/engine/prune-engine.ts';
import { commandProcess } from './command-process.ts';
import { fakeServer } from './fake-server.ts';
import { eventually, leftovers, withFolder } from './scratch.ts';

jest.setTimeout(60_000);

test('a database goes only while no server runs and nobody waits for one', () =>
  withFolder(async (folder) => {
    const server = fakeServer(folder);
    const command = commandProcess(folder, server.binary);
    const { pid } = await command.say('ensure');
    const databases = (): readonly string[] =>
      readdirSync(join(folder, 'engine')).filter((name) => /^\d/.test(name));
    const inUse = await pruneEngine(folder, { look: false });
    expect(inUse.inUseBy).toBe(pid);
    expect(databases()).toHaveLength(1);

    await command.say('release');
    await command.end();
    await eventually(() => leftovers(folder).length === 0, 5000);
    const looked = await pruneEngine(folder, { look: true });
    expect(looked.inUseBy).toBeUndefined();
    expect(databases()).toHaveLength(1);
    expect(await pruneEngine(folder, { look: false })).toMatchObject({ files: looked.files });
    expect(databases()).toEqual([]);
    expect(leftovers(folder)).toEqual([]);

    const next = commandProcess(folder, server.binary);
    expect(await next.say('ensure')).toMatchObject({ adopted: false });
    await next.say('release');
    await next.end();
  }));

test('databases of other versions, and what a killed prune had moved away, go as well', () =>
  withFolder(async (folder) => {
    const root = join(folder, 'engine');
    for (const name of ['1.31.2', '1.32.0', '.gone-0123456789ab']) {
      mkdirSync(join(root, name), { recursive: true });
      writeFileSync(join(root, name, 'temporal.db'), 'data');
    }
    expect(await pruneEngine(folder, { look: false })).toMatchObject({ files: 3, bytes: 12 });
    expect(readdirSync(root)).toEqual([]);
    expect(existsSync(join(folder, 'other'))).toBe(false);
  }));

test('where there is no engine nothing is made', () =>
  withFolder(async (folder) => {
    expect(await pruneEngine(folder, { look: false })).toMatchObject({ files: 0 });
    expect(readdirSync(folder)).toEqual([]);
  }));
