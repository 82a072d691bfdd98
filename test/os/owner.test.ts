import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from '@jest/globals';

import { describeOwner, isOwn, ownOwner, placeOf, stateOf } from '../../src/os/owner.ts';
import { deadProcess, withLivingProcess } from '../store/other-process.ts';
import { CONTAINER, whyNoContainer } from './container.ts';

import type { Owner } from '../../src/os/owner.ts';

const inContainers = whyNoContainer() === undefined ? describe : describe.skip;

const MACHINE = '4026531836';
const here = ownOwner();

test('a process of this machine is alive until it ends, and its pid used again is another one', () =>
  withLivingProcess(async (owner, kill) => {
    expect(stateOf(owner)).toBe('alive');
    expect(stateOf({ ...owner, born: '1' })).toBe('dead');
    await kill();
    expect(stateOf(owner)).toBe('dead');
    expect(stateOf(deadProcess())).toBe('dead');
  }));

test.each<[string, Partial<Owner>]>([
  ['in another pid namespace', { pidns: '1' }],
  ['on another machine', { host: 'elsewhere', boot: 'another' }],
  ['on another machine, in a container of our name', { boot: 'another', pidns: '1' }],
  ['where the system tells no boot', { boot: 'unknown' }],
])('a process %s is unknown, never dead', (_, change) => {
  expect(stateOf({ ...deadProcess(), ...change })).toBe('unknown');
  expect(stateOf({ ...here, ...change })).toBe('unknown');
});

test('a process of an earlier boot of the same machine is dead; of a container nobody can say so', () => {
  const machine = { ...here, pidns: MACHINE };
  const before = { ...machine, boot: 'before' };
  expect(stateOf(before, machine)).toBe('dead');
  expect(stateOf(before, { ...machine, pidns: '1' })).toBe('unknown');
  expect(stateOf({ ...before, pidns: '1' }, { ...machine, pidns: '1' })).toBe('unknown');
});

test('a record that does not say where its process ran can tell that it lives, not that it is dead', () => {
  const { pid, born } = here;
  expect(stateOf({ pid, born })).toBe('alive');
  expect(stateOf({ pid, born: '1' })).toBe('unknown');
  expect(stateOf({ pid: 0, born: 'released' })).toBe('unknown');
});

test('a system without boots and namespaces knows its own processes by the host', () => {
  const mac = { ...here, boot: 'unknown', pidns: '' };
  expect(stateOf(mac, mac)).toBe('alive');
  expect(stateOf({ ...mac, born: '1' }, mac)).toBe('dead');
  expect(stateOf({ ...mac, host: 'elsewhere' }, mac)).toBe('unknown');
});

test('tells itself from others, and one place from another', () => {
  expect(isOwn(here)).toBe(true);
  expect(isOwn({ ...here, pidns: '1' })).toBe(false);
  expect(placeOf(here)).toMatch(/^[0-9a-f]{8}$/);
  expect(placeOf({ ...here, pid: 1, born: '1', host: 'renamed' })).toBe(placeOf(here));
  expect(placeOf({ ...here, pidns: '1' })).not.toBe(placeOf(here));
});

test('says where a process is', () => {
  expect(describeOwner({ ...here, host: 'web-1', pid: 7, pidns: '4026532201' })).toBe(
    'process 7 on web-1 (pid namespace 4026532201)',
  );
  expect(describeOwner({ ...here, host: 'web-1', pid: 7, pidns: MACHINE })).toBe(
    'process 7 on web-1',
  );
  expect(describeOwner({ pid: 7, born: '1' })).toBe('process 7');
});

inContainers('with real pid namespaces', () => {
  test('a living process outside is unknown inside, one inside is unknown outside', () => {
    const inside = inContainer(here);
    expect(inside.state).toBe('unknown');
    expect(inside.own).toMatchObject({ pid: 1, boot: here.boot });
    expect(inside.own.pidns).not.toBe(here.pidns);
    expect(inside.ownState).toBe('alive');
    expect(stateOf(inside.own)).toBe('unknown');
  });

  test('under a /proc of another namespace nobody is called dead who cannot be seen', () => {
    const inside = inContainer(here, ['unshare', '--pid', '--fork']);
    expect(inside).toMatchObject({ ownState: 'alive', own: { pid: 1 }, namesake: 'unknown' });
  });
});

type Seen = {
  readonly own: Owner;
  readonly ownState: string;
  readonly state: string;
  readonly namesake: string;
};

function inContainer(owner: Owner, words: readonly string[] = CONTAINER): Seen {
  const [program = '', ...options] = words;
  const text = execFileSync(program, [
    ...options,
    process.execPath,
    '--import',
    path('../engine/processes/typescript.mjs'),
    path('processes/look.ts'),
    JSON.stringify(owner),
  ]);
  return JSON.parse(text.toString()) as Seen;
}

function path(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
