import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, jest, test } from '@jest/globals';

import { Fenced, LEASE, readHolder, takeLease } from '../../src/os/lease.ts';
import { ownOwner } from '../../src/os/owner.ts';
import { withFolder } from '../store/fixtures.ts';
import { deadProcess, withLivingProcess } from '../store/other-process.ts';
import { age, signalContainer, spawnInContainer, whyNoContainer } from './container.ts';

import type { Lease } from '../../src/os/lease.ts';

jest.setTimeout(60_000);

const inContainers = whyNoContainer() === undefined ? describe : describe.skip;
const asRoot = process.geteuid?.() === 0 ? describe : describe.skip;

const ELSEWHERE = { ...ownOwner(), pidns: '1' };

function path(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** A lease's path in a fresh folder. */
const withLeasePath = (work: (lease: string, folder: string) => Promise<void>): Promise<void> =>
  withFolder((folder) => work(join(folder, 'lock'), folder));

async function taken(lease: string, about = {}): Promise<Lease> {
  const answer = await takeLease(lease, { about });
  if (!answer.taken) throw new Error(`held: ${answer.holder.state}`);
  return answer.lease;
}

test('one holds it, the next is told who; given back it leaves nothing', () =>
  withLeasePath(async (lease, folder) => {
    const mine = await taken(lease, { run: 'a' });
    mine.check();
    expect(await takeLease(lease)).toMatchObject({
      taken: false,
      holder: { state: 'alive', token: 1, owner: ownOwner(), about: { run: 'a' } },
    });
    mine.release();
    expect(readdirSync(folder)).toEqual([]);
    expect(() => mine.check()).toThrow(Fenced);
  }));

test('given back with its name kept it is free, and the next token is higher', () =>
  withLeasePath(async (lease, folder) => {
    (await taken(lease, { run: 'a' })).release({ keep: true });
    expect(readHolder(lease)).toMatchObject({
      state: 'released',
      isFree: true,
      about: { run: 'a' },
    });
    const next = await takeLease(lease);
    expect(next).toMatchObject({
      taken: true,
      lease: { token: 2 },
      before: { about: { run: 'a' } },
    });
    expect(readdirSync(folder)).toEqual(['lock.2']);
  }));

test.each([
  ['a dead holder', JSON.stringify({ owner: deadProcess(), about: {} })],
  ['nothing, after a power loss', ''],
  ['something else', '[1, 2]'],
  ['half of a record', '{"owner":{"pid":1,'],
])('an entry that says %s keeps nobody out', (_, text) =>
  withLeasePath(async (lease, folder) => {
    writeFileSync(`${lease}.7`, text);
    expect((await taken(lease)).token).toBe(8);
    expect(readdirSync(folder)).toEqual(['lock.8']);
  }),
);

test('a holder that is alive keeps it however long it did not renew it', () =>
  withLeasePath((lease, folder) =>
    withLivingProcess(async (owner) => {
      writeFileSync(`${lease}.1`, JSON.stringify({ owner, about: {} }));
      age(folder, () => true, 3600);
      expect(await takeLease(lease)).toMatchObject({ taken: false, holder: { state: 'alive' } });
    }),
  ));

test('a holder that cannot be seen keeps it until its lease has run out', () =>
  withLeasePath(async (lease, folder) => {
    writeFileSync(`${lease}.4`, JSON.stringify({ owner: ELSEWHERE, about: { run: 'a' } }));
    const { holder } = (await takeLease(lease)) as { holder: { leftMs: number } };
    expect(holder).toMatchObject({ state: 'unknown', about: { run: 'a' }, isFree: false });
    expect(holder.leftMs).toBeGreaterThan(LEASE.ttlMs - 30_000);
    age(folder, () => true);
    expect(await takeLease(lease)).toMatchObject({
      taken: true,
      lease: { token: 5 },
      before: { state: 'unknown' },
    });
  }));

test('an entry of an earlier version is read: alive if seen, unknown if not, released as pid 0', () =>
  withLeasePath(async (lease) => {
    const { pid, born } = ownOwner();
    writeFileSync(lease, JSON.stringify({ run: 'a', pid, born }));
    expect(readHolder(lease)).toMatchObject({ state: 'alive', token: 0, about: { run: 'a' } });
    writeFileSync(lease, JSON.stringify({ run: 'a', pid, born: '1' }));
    expect(readHolder(lease)).toMatchObject({ state: 'unknown', isFree: false });
    writeFileSync(lease, JSON.stringify({ run: 'a', pid: 0, born: 'released' }));
    expect((await taken(lease)).token).toBe(1);
  }));

test('is renewed while it is held, by the same bytes', () =>
  withLeasePath(async (lease, folder) => {
    const answer = await takeLease(lease, { timing: { ttlMs: 60_000, renewEveryMs: 5 } });
    const text = readFileSync(`${lease}.1`, 'utf8');
    age(folder, () => true, 3600);
    while (Date.now() - statSync(`${lease}.1`).mtimeMs > 60_000) await new Promise(setImmediate);
    expect(readFileSync(`${lease}.1`, 'utf8')).toBe(text);
    if (answer.taken) answer.lease.release();
  }));

test('a holder that was passed over notices it by itself, and does not take back what is not its own', () =>
  withLeasePath(async (lease, folder) => {
    const answer = await takeLease(lease, { timing: { ttlMs: 60_000, renewEveryMs: 5 } });
    if (!answer.taken) throw new Error('held');
    rmSync(`${lease}.1`);
    writeFileSync(`${lease}.1`, JSON.stringify({ owner: ELSEWHERE, about: {} }));
    expect(await answer.lease.lost).toBeInstanceOf(Fenced);
    answer.lease.release();
    answer.lease.release({ keep: true });
    expect(readdirSync(folder)).toEqual(['lock.1']);
    expect(readHolder(lease)).toMatchObject({ state: 'unknown' });
  }));

asRoot('as root', () => {
  test('what another user wrote counts by its age alone, and says nothing', () =>
    withLeasePath(async (lease, folder) => {
      const entry = JSON.stringify({ owner: deadProcess(), about: { run: 'theirs' } });
      writeFileSync(`${lease}.1`, entry);
      chownSync(`${lease}.1`, 12_345, 12_345);
      const { holder } = (await takeLease(lease)) as { holder: unknown };
      expect(holder).toMatchObject({ state: 'foreign', about: {}, isFree: false });
      expect(holder).not.toHaveProperty('owner');
      age(folder, () => true);
      expect(await takeLease(lease)).toMatchObject({ taken: true, before: { about: {} } });
    }));
});

test('of many that take over at once in one process one wins', () =>
  withLeasePath(async (lease) => {
    for (let round = 0; round < 20; round += 1) {
      writeFileSync(`${lease}.${round * 10}`, JSON.stringify({ owner: deadProcess() }));
      const answers = await Promise.all(Array.from({ length: 10 }, () => takeLease(lease)));
      const winners = answers.filter((answer) => answer.taken);
      expect(winners).toHaveLength(1);
      for (const { lease: won } of winners) won.release();
    }
  }));

test('processes that race for it, and die at any moment, never hold it together: each token is one holder', () =>
  withLeasePath(async (lease, folder) => {
    const log = join(folder, 'log');
    writeFileSync(log, '');
    let deaths = 0;
    const keepTaking = async (): Promise<void> => {
      for (;;) {
        const child = spawn(
          process.execPath,
          [
            '--import',
            path('../engine/processes/typescript.mjs'),
            path('processes/taker.ts'),
            ...[lease, join(folder, 'inside'), log, '300'],
          ],
          { stdio: 'inherit' },
        );
        const [code] = await once(child, 'exit');
        if (code === 0) return;
        deaths += 1;
      }
    };
    await Promise.all([1, 2, 3, 4].map(keepTaking));
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    const tokens = lines.map(Number);
    expect(lines.filter((line) => line.startsWith('clash'))).toEqual([]);
    expect(tokens).toEqual([...new Set(tokens)].toSorted((a, b) => a - b));
    expect(tokens.length).toBeGreaterThan(150);
    expect(deaths).toBeGreaterThan(0);
  }));

inContainers('between containers on one volume', () => {
  type Child = {
    readonly pid: number;
    say(word?: string): Promise<unknown>;
    end(): Promise<void>;
  };

  const started: Child[] = [];
  // Also after a failure: a container left behind would hold up the test run.
  afterEach(() => Promise.all(started.splice(0).map(({ end }) => end())));

  function holder(lease: string, name: string): Child {
    const child = spawnInContainer([
      process.execPath,
      '--import',
      path('../engine/processes/typescript.mjs'),
      path('processes/holder.ts'),
      lease,
      name,
    ]);
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const ended = once(child, 'exit');
    const one: Child = {
      pid: child.pid!,
      say: async (word) => {
        if (word !== undefined) child.stdin!.write(`${word}\n`);
        return JSON.parse((await lines.next()).value as string);
      },
      end: async () => {
        child.kill('SIGKILL');
        await ended;
      },
    };
    started.push(one);
    return one;
  }

  test('the second is refused while the first lives, and takes over from a dead one after its lease', () =>
    withLeasePath(async (lease, folder) => {
      const first = holder(lease, 'a');
      expect(await first.say()).toEqual({ token: 1 });
      const refused = { refused: 'unknown', by: { name: 'a' }, isLeft: true };
      expect(await holder(lease, 'b').say()).toEqual(refused);
      expect(await takeLease(lease)).toMatchObject({ holder: { state: 'unknown' } });
      await first.end();
      expect(await holder(lease, 'b').say()).toEqual(refused);
      age(folder, (name) => name.startsWith('lock'));
      const next = holder(lease, 'b');
      expect(await next.say()).toEqual({ token: 2, before: 'unknown', of: { name: 'a' } });
      await next.end();
    }));

  test('one that was frozen for longer than its lease finds itself fenced when it wakes', () =>
    withLeasePath(async (lease, folder) => {
      const first = holder(lease, 'a');
      expect(await first.say()).toEqual({ token: 1 });
      expect(await first.say('look')).toBe('held');
      signalContainer(first.pid, 'SIGSTOP');
      age(folder, (name) => name.startsWith('lock'));
      const next = holder(lease, 'b');
      expect(await next.say()).toMatchObject({ token: 2, before: 'unknown' });
      signalContainer(first.pid, 'SIGCONT');
      expect(await first.say('look')).toBe('FENCED');
      expect(await first.say('release')).toBe('FENCED');
      expect(await next.say('look')).toBe('held');
      await first.end();
      await next.end();
    }));
});
