import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, jest, test } from '@jest/globals';

import { ensureEngine, peekEngine, startingEngine, stopEngine } from '../../src/engine/engine.ts';
import { enginePaths } from '../../src/engine/engine-paths.ts';
import { isUsable } from '../../src/engine/namespace.ts';
import { recordFile } from '../../src/engine/server-records.ts';
import { ownOwner } from '../../src/os/owner.ts';
import { commandProcess } from './command-process.ts';
import { fakeServer } from './fake-server.ts';
import { whyNoSmallDisk, withSmallDisk } from '../store/small-disk.ts';
import { eventually, exists, leftovers, withFolder } from './scratch.ts';

import type { EngineOptions } from '../../src/engine/engine.ts';
import type { FakeServer } from './fake-server.ts';

jest.setTimeout(30_000);

function optionsFor(stateDir: string, server: FakeServer, lines: string[] = []): EngineOptions {
  return {
    stateDir,
    cacheDir: stateDir,
    env: { PATH: process.env['PATH'] },
    binary: server.binary,
    answerLimitMs: 300,
    idleStopMs: 1000,
    onProgress: (line) => lines.push(line),
  };
}

test('starts a server that can be used, says nothing about it, and leaves nothing behind', () =>
  withFolder(async (folder) => {
    const lines: string[] = [];
    const engine = await ensureEngine(optionsFor(folder, fakeServer(folder), lines));
    expect(await isUsable(engine.address, 1000)).toBe(true);
    expect(engine).toMatchObject({ namespace: 'default', version: '1.32.0', adopted: false });
    expect(lines).toEqual([]);
    await engine.release();
    expect(
      await eventually(() => !exists(engine.pid) && leftovers(folder).length === 0, 3000),
    ).toBe(true);
  }));

test('the second user adopts the server, and only the last release stops it', () =>
  withFolder(async (folder) => {
    const options = optionsFor(folder, fakeServer(folder));
    const first = await ensureEngine(options);
    const second = await ensureEngine(options);
    expect(second).toMatchObject({ pid: first.pid, address: first.address, adopted: true });
    await first.release();
    await first.release();
    expect(peekEngine(folder)?.pid).toBe(first.pid);
    await second.release();
    expect(peekEngine(folder)).toBeUndefined();
  }));

test('release returns at once; a start that follows does not wait for the old server to be polite', () =>
  withFolder(async (folder) => {
    const server = fakeServer(folder, { stopMs: 2500 });
    const first = await ensureEngine(optionsFor(folder, server));
    const beforeMs = performance.now();
    await first.release();
    expect(performance.now() - beforeMs).toBeLessThan(500);
    const second = await ensureEngine(optionsFor(folder, server));
    expect(performance.now() - beforeMs).toBeLessThan(2000);
    expect(second.pid).not.toBe(first.pid);
    expect(exists(first.pid)).toBe(false);
    expect(server.clashed()).toBe(false);
    await second.release();
  }));

test('starts a new server after the old one was killed', () =>
  withFolder(async (folder) => {
    const options = optionsFor(folder, fakeServer(folder));
    const first = await ensureEngine(options);
    process.kill(first.pid, 'SIGKILL');
    const second = await ensureEngine(options);
    expect(second).toMatchObject({ adopted: false });
    expect(await isUsable(second.address, 1000)).toBe(true);
    // The keeper of the dead one cleans up late; it must not take the new record with it.
    await eventually(() => readdirSync(enginePaths(folder).servers).length === 1);
    expect(peekEngine(folder)?.pid).toBe(second.pid);
    await first.release();
    await second.release();
  }));

test('a record of a process that is long dead does not stop a start', () =>
  withFolder(async (folder) => {
    const { servers } = enginePaths(folder);
    mkdirSync(servers, { recursive: true });
    const record = { ...ownOwner(), born: 'before', address: '127.0.0.1:1', uiUrl: '' };
    writeFileSync(recordFile(servers, 'old', 'running'), JSON.stringify(record));
    writeFileSync(recordFile(servers, 'cut', 'running'), '');
    writeFileSync(recordFile(servers, 'asked', 'starting'), '');
    expect(peekEngine(folder)).toBeUndefined();
    const engine = await ensureEngine(optionsFor(folder, fakeServer(folder)));
    expect(engine.adopted).toBe(false);
    expect(readdirSync(servers)).toHaveLength(1);
    await engine.release();
  }));

test('a server that cannot be seen from here is left alone until its keeper does not renew it any more', () =>
  withFolder(async (folder) => {
    const { servers } = enginePaths(folder);
    mkdirSync(servers, { recursive: true });
    const owner = { ...ownOwner(), host: 'web-1', pid: 7, pidns: '4026532201' };
    const record = { ...owner, address: '127.0.0.1:1', uiUrl: '' };
    const file = recordFile(servers, 'other', 'running');
    writeFileSync(file, JSON.stringify(record));
    const server = fakeServer(folder);
    await expect(ensureEngine(optionsFor(folder, server))).rejects.toMatchObject({
      code: 'STATE_DIR_BUSY',
      exitCode: 2,
      message: expect.stringMatching(
        /process 7 on web-1 \(pid namespace 4026532201\).*runs out in \d+ s/,
      ),
    });
    expect(server.starts()).toBe(0);
    const past = new Date(Date.now() - 61_000);
    utimesSync(file, past, past);
    const engine = await ensureEngine(optionsFor(folder, server));
    expect(engine.adopted).toBe(false);
    await engine.release();
  }));

test('a keeper whose record was taken away ends its server: two must not share a database', () =>
  withFolder(async (folder) => {
    const engine = await ensureEngine({
      ...optionsFor(folder, fakeServer(folder)),
      idleStopMs: 1000,
    });
    const { servers } = enginePaths(folder);
    for (const name of readdirSync(servers)) rmSync(join(servers, name));
    expect(await eventually(() => !exists(engine.pid))).toBe(true);
    await engine.release();
  }));

test('a server whose keeper was told to end is not adopted while it still answers', () =>
  withFolder(async (folder) => {
    const options = optionsFor(folder, fakeServer(folder, { stopMs: 1500 }));
    const first = await ensureEngine(options);
    process.kill(parentOf(first.pid), 'SIGTERM');
    expect(await eventually(() => peekEngine(folder) === undefined, 1000)).toBe(true);
    const second = await ensureEngine(options);
    expect([second.adopted, second.pid === first.pid]).toEqual([false, false]);
    await first.release();
    await second.release();
  }));

test('after its keeper was killed, what watches a server ends with it, and leaves no record', () =>
  withFolder(async (folder) => {
    const engine = await ensureEngine(optionsFor(folder, fakeServer(folder)));
    const keeper = parentOf(engine.pid);
    const watcher = childrenOf(keeper).find((pid) => pid !== engine.pid) ?? 0;
    expect(exists(watcher)).toBe(true);
    process.kill(keeper, 'SIGKILL');
    await engine.release();
    const isOver = (): boolean => !exists(watcher) && leftovers(folder).length === 0;
    expect(await eventually(isOver, 5000)).toBe(true);
  }));

test('replaces a server that hangs when nobody relies on it, and says so', () =>
  withFolder(async (folder) => {
    const lines: string[] = [];
    const options = optionsFor(folder, fakeServer(folder), lines);
    const first = await ensureEngine({ ...options, idleStopMs: 60_000 });
    const stopped = first.pid;
    process.kill(stopped, 'SIGSTOP');
    // As if its command had been killed: the lease is gone, the server is not.
    const { leases } = enginePaths(folder);
    for (const lease of readdirSync(leases)) rmSync(join(leases, lease));
    const second = await ensureEngine(options);
    expect(second.adopted).toBe(false);
    expect(lines).toEqual([
      `The engine (pid ${stopped}) does not answer any more; a new one is started.`,
    ]);
    expect(exists(stopped)).toBe(false);
    await second.release();
  }));

test('a server that hangs while others use it is reported, not replaced', () =>
  withFolder(async (folder) => {
    const options = optionsFor(folder, fakeServer(folder));
    const first = await ensureEngine(options);
    process.kill(first.pid, 'SIGSTOP');
    await expect(ensureEngine(options)).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      exitCode: 3,
      message: expect.stringContaining(`(pid ${first.pid}) does not answer`),
    });
    process.kill(first.pid, 'SIGCONT');
    const second = await ensureEngine(options);
    expect(second.adopted).toBe(true);
    await first.release();
    await second.release();
  }));

test('moves a database that cannot be opened aside and starts with a new one', () =>
  withFolder(async (folder) => {
    const lines: string[] = [];
    const database = join(enginePaths(folder).root, '1.32.0', 'temporal.db');
    mkdirSync(join(database, '..'), { recursive: true });
    writeFileSync(database, 'rubbish');
    writeFileSync(`${database}-wal`, 'more rubbish');
    const engine = await ensureEngine(optionsFor(folder, fakeServer(folder), lines));
    const aside = readdirSync(join(database, '..')).filter((name) => name.includes('unusable'));
    expect(aside).toHaveLength(2);
    expect(readFileSync(join(database, '..', aside[0]!), 'utf8')).toBe('rubbish');
    expect(lines.join()).toContain('file is not a database (26)');
    await engine.release();
  }));

test('a server that never starts leaves the database where it was and gives its last words', () =>
  withFolder(async (folder) => {
    const database = join(enginePaths(folder).root, '1.32.0', 'temporal.db');
    mkdirSync(join(database, '..'), { recursive: true });
    writeFileSync(database, 'fake, and precious');
    const server = fakeServer(folder, { always: 'Error: no space left on device' });
    await expect(ensureEngine(optionsFor(folder, server))).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      exitCode: 3,
      message: expect.stringContaining('Error: no space left on device'),
    });
    expect(readFileSync(database, 'utf8')).toBe('fake, and precious');
    expect(readdirSync(join(database, '..'))).toEqual(['temporal.db']);
    expect(leftovers(folder)).toEqual([]);
  }));

test('a server that is killed while it starts is started again on the same database', () =>
  withFolder(async (folder) => {
    const lines: string[] = [];
    const database = join(enginePaths(folder).root, '1.32.0', 'temporal.db');
    mkdirSync(join(database, '..'), { recursive: true });
    writeFileSync(database, 'fake, and precious');
    const server = fakeServer(folder, { fails: ['SIGKILL'] });
    const engine = await ensureEngine(optionsFor(folder, server, lines));
    expect(server.starts()).toBe(2);
    expect(lines).toEqual([]);
    const names = readdirSync(join(database, '..'));
    expect(names.filter((name) => name.includes('unusable'))).toEqual([]);
    await engine.release();
  }));

const onSmallDisk = whyNoSmallDisk() === undefined ? describe : describe.skip;

onSmallDisk('on a small disk', () => {
  test('on a full disk it says so, and does not take the database for broken', () =>
    withFolder((folder) =>
      withSmallDisk(async (disk) => {
        const database = join(enginePaths(disk).root, '1.32.0', 'temporal.db');
        mkdirSync(join(database, '..'), { recursive: true });
        writeFileSync(database, 'fake, and precious');
        writeFileSync(join(disk, 'filler'), Buffer.alloc(300_000));
        const server = fakeServer(folder, { always: 'database or disk is full (13)' });
        await expect(ensureEngine(optionsFor(disk, server))).rejects.toMatchObject({
          ...{ code: 'OUT_OF_SPACE', exitCode: 3 },
          message: expect.stringMatching(/the disk of .* is full$/),
        });
        expect(readdirSync(join(database, '..'))).toEqual(['temporal.db']);
      }),
    ));
});

test('takes other ports when somebody was quicker, as often as it needs, and leaves its database where it is', () =>
  withFolder(async (folder) => {
    const lines: string[] = [];
    const fails = [
      'listen tcp 127.0.0.1:1: address already in use',
      'panic: failed assigning ephemeral port: failed to assign a free port',
      // What the server says where a port that it chose itself is taken before it is used.
      'panic: runtime error: invalid memory address or nil pointer dereference\n\tmain.go:18 +0x8e',
      'listen tcp 127.0.0.1:2: bind: address already in use',
      'listen tcp 127.0.0.1:3: bind: address already in use',
    ];
    const database = join(enginePaths(folder).root, '1.32.0', 'temporal.db');
    mkdirSync(join(database, '..'), { recursive: true });
    writeFileSync(database, 'fake, and precious');
    const server = fakeServer(folder, { fails });
    const engine = await ensureEngine(optionsFor(folder, server, lines));
    expect([server.starts(), lines]).toEqual([6, []]);
    await engine.release();
  }));

test('a command that leaves while its server starts leaves no server behind', () =>
  withFolder(async (folder) => {
    const server = fakeServer(folder);
    const command = commandProcess(folder, server.binary);
    await command.say('start-and-leave');
    await command.end();
    await eventually(() => leftovers(folder).length === 0, 5000);
    expect(leftovers(folder)).toEqual([]);
  }));

test('answers early, when the process is on its way, and reports failure through ready', () =>
  withFolder(async (folder) => {
    const { ready } = await startingEngine(optionsFor(folder, fakeServer(folder)));
    expect(peekEngine(folder)?.pid ?? 'not yet').toBe('not yet');
    await (await ready).release();
    const missing = { ...optionsFor(folder, fakeServer(folder)), binary: join(folder, 'none') };
    const failing = await startingEngine(missing);
    await expect(failing.ready).rejects.toMatchObject({ code: 'ENGINE_NOT_FOUND', exitCode: 3 });
  }));

test('stopEngine stops it whoever uses it, and says whether there was one', () =>
  withFolder(async (folder) => {
    const engine = await ensureEngine(optionsFor(folder, fakeServer(folder)));
    expect(await stopEngine(folder)).toBe(true);
    expect(exists(engine.pid)).toBe(false);
    expect(await stopEngine(folder)).toBe(false);
    await engine.release();
  }));

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}
