/** The processes of a case: its engine, its steps' commands, and whatever carries its variable. Linux only. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runningServer } from '../../../src/engine/server-records.ts';
import { MARKS } from './pipelines.ts';

import type { Project } from '../../harness/cli.ts';

/** Processes that carry the variable of this case, with what they are; those that ended and wait to be reaped left out. */
export async function processesOf(
  project: Project,
): Promise<readonly { readonly pid: number; readonly command: string }[]> {
  const wanted = `${MARKS}=${marksIn(project)}`;
  const found: { pid: number; command: string }[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const read = (file: string): Promise<string> =>
      readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '');
    if (!(await read('environ')).split('\0').includes(wanted)) continue;
    const command = (await read('cmdline')).replaceAll('\0', ' ').trim();
    if (command !== '') found.push({ pid: Number(name), command });
  }
  return found;
}

export function marksIn(project: Project): string {
  return project.path('marks');
}

/** The engine's server and its keeper; empty while there is none. */
export async function enginePids(project: Project): Promise<readonly number[]> {
  const server = runningServer(project.path('.builder/engine/servers'))?.record.pid;
  if (server === undefined) return [];
  const stat = await readFile(`/proc/${server}/stat`, 'utf8').catch(() => '');
  const keeper = Number(/\) \S (\d+)/.exec(stat)?.[1]);
  return keeper > 1 ? [server, keeper] : [server];
}

/** Shells of steps that run now. */
export async function stepPids(project: Project): Promise<readonly number[]> {
  const folder = marksIn(project);
  const alive = new Set((await processesOf(project)).map(({ pid }) => pid));
  const pids: number[] = [];
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.pid')) continue;
    const pid = Number(await readFile(join(folder, name), 'utf8').catch(() => ''));
    if (alive.has(pid)) pids.push(pid);
  }
  return pids;
}

/** False for a process that is gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
