/** Who is in a process group, and signals to all of them. Zombies count as gone: nobody may ever reap them. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * For `sh -c`, as the leader of a group: runs its arguments. fd 3 ends when who started it is gone or done: whatever is
 * left of the group then ends too. The watcher is nobody's child here, so that a program that waits for all its children
 * does not wait for it; as a member of the group it also keeps the group's number from being given to someone else.
 */
export const WATCHED_SHELL = `( ( trap '' HUP INT QUIT TERM USR1 USR2; read -r _ <&3; kill -KILL 0 ) </dev/null >/dev/null 2>&1 & )
exec 3<&-
exec "$@"`;

/** Sends a signal to every process of the group. False if there is none left, zombies aside. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

/** Pids of the living processes of a group. */
export function groupMembers(group: number): readonly number[] {
  try {
    process.kill(-group, 0);
  } catch (error) {
    // EPERM: there is one, of another user.
    const isGone = typeof error === 'object' && error !== null && 'code' in error;
    if (isGone && error.code === 'ESRCH') return [];
  }
  return process.platform === 'linux' ? membersFromProc(group) : membersFromPs(group);
}

/** Waits until the group is empty, at most `limitMs`. True if it is. */
export async function groupEmpties(group: number, limitMs: number): Promise<boolean> {
  return fewerThan(group, 1, limitMs);
}

/** Waits until fewer than `count` processes of the group live, at most `limitMs`. True if so. */
export async function fewerThan(group: number, count: number, limitMs: number): Promise<boolean> {
  const until = Date.now() + limitMs;
  for (let pauseMs = 2; groupMembers(group).length >= count; pauseMs = Math.min(50, pauseMs * 2)) {
    if (Date.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return true;
}

/** proc(5): fields 3 and 5 of /proc/<pid>/stat; the command's name may hold spaces and brackets. */
function membersFromProc(group: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const stat = readOrNothing(`/proc/${name}/stat`);
      const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(pgrp) === group && state !== 'Z' && state !== 'X';
    })
    .map(Number);
}

function membersFromPs(group: number): readonly number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=', '-o', 'pgid=', '-o', 'stat='], {
    encoding: 'utf8',
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
  }).split('\n');
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, pgid, stat]) => Number(pgid) === group && stat?.startsWith('Z') === false)
    .map(([pid]) => Number(pid));
}

/** A variable of a process's environment as it was started; undefined where the system does not tell. */
export function variableOf(pid: number, name: string): string | undefined {
  return readOrNothing(`/proc/${pid}/environ`)
    .split('\0')
    .find((entry) => entry.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
