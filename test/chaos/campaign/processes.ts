/** The processes of a case: its engine, its steps' commands, and whatever carries its variable. Linux only. */

import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

import { runningServer } from '../../../src/engine/server-records.ts';
import { MARKS } from './pipelines.ts';

import type { Project } from '../../harness/cli.ts';

export type CaseProcess = {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
};

/** Processes that carry the variable of this case or work in its folder; those that ended and wait to be reaped left out. */
export async function processesOf(project: Project): Promise<readonly CaseProcess[]> {
  const wanted = `${MARKS}=${marksIn(project)}`;
  const found: CaseProcess[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const read = (file: string): Promise<string> =>
      readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '');
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '');
    const isHere = cwd === project.folder || cwd.startsWith(`${project.folder}/`);
    if (!isHere && !(await read('environ')).split('\0').includes(wanted)) continue;
    const command = (await read('cmdline')).replaceAll('\0', ' ').trim();
    const parent = Number(/\) \S (\d+)/.exec(await read('stat'))?.[1] ?? 0);
    if (command !== '') found.push({ pid: Number(name), parent, command });
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
  const words = await readFile(`/proc/${keeper}/cmdline`, 'utf8').catch(() => '');
  return words.includes('builder-engine') ? [server, keeper] : [server];
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
