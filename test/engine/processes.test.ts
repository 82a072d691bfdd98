import { readFileSync } from 'node:fs';

import { expect, jest, test } from '@jest/globals';

import { ensureEngine, peekEngine } from '../../src/engine/engine.ts';
import { commandProcess } from './command-process.ts';
import { fakeServer } from './fake-server.ts';
import { eventually, exists, leftovers, withFolder } from './scratch.ts';

jest.setTimeout(60_000);

test('of two commands that come at the same moment one starts the server, the other adopts it', () =>
  withFolder(async (folder) => {
    const server = fakeServer(folder);
    const commands = [
      commandProcess(folder, server.binary),
      commandProcess(folder, server.binary),
    ] as const;
    const [one, other] = await Promise.all(commands.map((command) => command.say('ensure')));
    expect(one?.['pid']).toBe(other?.['pid']);
    expect([one?.['adopted'], other?.['adopted']].toSorted()).toEqual([false, true]);
    expect(server.starts()).toBe(1);
    await commands[0].say('release');
    expect(exists(Number(one?.['pid']))).toBe(true);
    await commands[1].say('release');
    expect(await eventually(() => leftovers(folder).length === 0, 3000)).toBe(true);
    await Promise.all(commands.map((command) => command.end()));
  }));

test('commands that come and go at any moment never meet a dead server nor share a database', () =>
  withFolder(async (folder) => {
    const server = fakeServer(folder, { stopMs: 30 });
    const commands = [1, 2, 3].map(() => commandProcess(folder, server.binary));
    const churned = await Promise.all(commands.map((command) => command.say('churn 25')));
    expect(churned).toEqual([{ silent: 0 }, { silent: 0 }, { silent: 0 }]);
    expect(server.clashed()).toBe(false);
    await Promise.all(commands.map((command) => command.end()));
    expect(await eventually(() => leftovers(folder).length === 0, 3000)).toBe(true);
  }));

test('Ctrl-C does not reach the server; after its command was killed it stops by itself, and its keeper too', () =>
  withFolder(async (folder) => {
    const server = fakeServer(folder);
    const command = commandProcess(folder, server.binary);
    const { pid } = await command.say('ensure');
    const keeper = parentOf(Number(pid));
    process.kill(-command.child.pid!, 'SIGINT');
    await command.end('SIGKILL');
    expect(exists(Number(pid))).toBe(true);
    expect(await eventually(() => !exists(Number(pid)) && !exists(keeper))).toBe(true);
    expect(leftovers(folder).filter((name) => name.includes('json'))).toEqual([]);
  }));

test('the next command takes over what a killed one left', () =>
  withFolder(async (folder) => {
    const server = fakeServer(folder);
    const command = commandProcess(folder, server.binary);
    const { pid } = await command.say('ensure');
    await command.end('SIGKILL');
    const engine = await ensureEngine({
      stateDir: folder,
      cacheDir: folder,
      env: process.env,
      binary: server.binary,
      onProgress: () => {},
    });
    expect(engine).toMatchObject({ pid, adopted: true });
    await engine.release();
    expect(peekEngine(folder)).toBeUndefined();
  }));

test('a command that exits without a release leaves nothing behind', () =>
  withFolder(async (folder) => {
    const command = commandProcess(folder, fakeServer(folder).binary);
    const { pid } = await command.say('ensure');
    command.child.stdin?.write('exit\n');
    await command.end();
    expect(await eventually(() => !exists(Number(pid)) && leftovers(folder).length === 0)).toBe(
      true,
    );
  }));

test('the keeper is gone within a second of the end of its server, and costs next to nothing', () =>
  withFolder(async (folder) => {
    const command = commandProcess(folder, fakeServer(folder).binary);
    const { pid } = await command.say('ensure');
    const keeper = parentOf(Number(pid));
    expect(ticksOf(keeper)).toBeLessThanOrEqual(5);
    process.kill(Number(pid), 'SIGKILL');
    expect(await eventually(() => !exists(keeper), 1000)).toBe(true);
    expect(leftovers(folder).filter((name) => name.includes('json'))).toEqual([]);
    await command.end();
  }));

/** proc(5): the parent's id is the fourth field, the time spent in user and system mode the 14th and 15th. */
function fieldsOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return ['', '', ...stat.slice(stat.lastIndexOf(')') + 2).split(' ')];
}

function parentOf(pid: number): number {
  return Number(fieldsOf(pid)[3]);
}

function ticksOf(pid: number): number {
  const fields = fieldsOf(pid);
  return Number(fields[13]) + Number(fields[14]);
}
