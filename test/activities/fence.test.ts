import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { fenceLeftovers, recordGroup } from '../../src/activities/fence.ts';
import { groupEmpties, groupMembers } from '../../src/os/process-group.ts';
import { execCommand } from '../../src/kinds/exec-command.ts';
import { bornOf } from '../../src/os/born.ts';
import { ownOwner } from '../../src/os/owner.ts';
import { runKind, withAttempt } from '../kinds/command/attempt.ts';

import type { Attempt } from '../kinds/command/attempt.ts';

/** A shell, a child and a grandchild, all of which ignore SIGTERM; says its group when all are there. */
const STUBBORN = `trap '' TERM HUP INT; sh -c 'sh -c "echo \\$\\$ > deep; sleep 100" & wait' & while [ ! -e deep ]; do :; done; echo "group $$"; wait`;

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A real node process in the middle of that command. */
async function startWorker(
  folder: string,
): Promise<{ readonly kill: () => Promise<void>; readonly group: number }> {
  mkdirSync(folder, { recursive: true });
  const worker = spawn(
    process.execPath,
    [
      '--import',
      pathOf('../engine/processes/typescript.mjs'),
      pathOf('../kinds/command/processes/worker.ts'),
      folder,
      STUBBORN,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  for await (const line of createInterface({ input: worker.stdout })) {
    const group = /^out: group (\d+)$/.exec(line)?.[1];
    if (group === undefined) continue;
    return {
      group: Number(group),
      kill: async () => {
        worker.kill('SIGKILL');
        await once(worker, 'exit');
      },
    };
  }
  throw new Error('the worker ended before its command had started');
}

/** True outside of containers. */
const isOnMachine = (): boolean => ownOwner().pidns === '4026531836';

const oldFolder = ({ attemptsRoot }: Attempt): string => join(attemptsRoot, 'run-1', 'score.1-7');

/** The watcher is the one member of the group that was not started by the script. */
function watcherOf(group: number): number {
  const watcher = groupMembers(group).find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('builder-step'),
  );
  if (watcher === undefined) throw new Error('there is no watcher');
  return watcher;
}

test('nothing of a command is left a second after its worker was killed', async () => {
  await withAttempt(async (attempt) => {
    const { group, kill } = await startWorker(oldFolder(attempt));
    expect(groupMembers(group).length).toBeGreaterThanOrEqual(4);
    await kill();
    expect(await groupEmpties(group, 1_000)).toBe(true);
  });
});

test('a command whose watcher was killed with the worker is ended by the next attempt', async () => {
  await withAttempt(async (attempt) => {
    const { group, kill } = await startWorker(oldFolder(attempt));
    process.kill(watcherOf(group), 'SIGKILL');
    await kill();
    expect(groupMembers(group).length).toBeGreaterThanOrEqual(3);
    await runKind(execCommand, { shell: 'true' }, attempt.context);
    expect(groupMembers(group)).toEqual([]);
    expect(attempt.logged).toContain(
      `ended process group ${group}, left by step score of run run-1 whose worker is gone`,
    );
    expect(existsSync(oldFolder(attempt))).toBe(false);
    expect(existsSync(`${oldFolder(attempt)}.pid`)).toBe(false);
  });
});

test('what a dead leader left is known by its environment', async () => {
  await withAttempt(async (attempt) => {
    const { group, kill } = await startWorker(oldFolder(attempt));
    process.kill(watcherOf(group), 'SIGKILL');
    await kill();
    process.kill(group, 'SIGKILL');
    expect(await fenceLeftovers(attempt.attemptsRoot)).toEqual([
      { run: 'run-1', step: 'score', pid: group },
    ]);
    expect(groupMembers(group)).toEqual([]);
  });
});

test('the command of a living worker is left alone', async () => {
  await withAttempt(async (attempt) => {
    const { group, kill } = await startWorker(oldFolder(attempt));
    expect(await fenceLeftovers(attempt.attemptsRoot)).toEqual([]);
    expect(groupMembers(group)).not.toEqual([]);
    expect(existsSync(`${oldFolder(attempt)}.pid`)).toBe(true);
    await kill();
    expect(await groupEmpties(group, 1_000)).toBe(true);
  });
});

test.each<[string, (record: Fields) => Fields, boolean]>([
  [
    'a group whose number belongs to somebody else by now',
    (r) => ({ ...r, group: { pid: pidOf(r), born: '1' } }),
    false,
  ],
  // In a container, whose name may have moved to another machine, an earlier boot proves nothing.
  ['a group of an earlier boot', (r) => ({ ...r, boot: 'another' }), !isOnMachine()],
  ['a group in another pid namespace', (r) => ({ ...r, pidns: '1' }), true],
  ['a group on another host', (r) => ({ ...r, host: `not-${hostname()}` }), true],
  ['a record that is not ours', (r) => ({ ...r, what: 'something else' }), true],
])('%s is not killed', async (_what, change, isKept) => {
  await withAttempt(async (attempt) => {
    const innocent = spawn('sleep', ['100'], { detached: true });
    const pid = innocent.pid ?? 0;
    const folder = oldFolder(attempt);
    recordGroup(pid, { folder, run: 'run-1', step: 'score' });
    const record: Fields = JSON.parse(readFileSync(`${folder}.pid`, 'utf8'));
    const dead = { ...record, worker: { pid: 99_999_999, born: '1' } };
    writeFileSync(`${folder}.pid`, JSON.stringify(change(dead)));
    expect(await fenceLeftovers(attempt.attemptsRoot)).toEqual([]);
    expect(bornOf(pid)).toBeDefined();
    expect(existsSync(`${folder}.pid`)).toBe(isKept);
    innocent.kill('SIGKILL');
    await once(innocent, 'exit');
  });
});

test('nothing but records is looked at, and nothing else is removed', async () => {
  await withAttempt(async ({ attemptsRoot }) => {
    const stranger = join(attemptsRoot, 'run-1', 'nginx.pid');
    const broken = join(attemptsRoot, 'run-1', 'score.1-1.pid');
    writeFileSync(stranger, '1\n');
    writeFileSync(broken, '{"what":');
    expect(await fenceLeftovers(attemptsRoot)).toEqual([]);
    expect([existsSync(stranger), existsSync(broken)]).toEqual([true, true]);
  });
});

test('there is nothing to do where no attempt was ever made', async () => {
  expect(await fenceLeftovers('/no/such/folder')).toEqual([]);
});

type Fields = Readonly<Record<string, string | Record<string, unknown>>>;

function pidOf(record: Fields): number {
  const { group } = record;
  return typeof group === 'object' ? Number(group['pid']) : 0;
}
