/** What a campaign does to a run: signals at a moment of a command, and changes to files between two commands. */

import { appendFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';

import { CHANGED_INPUT } from './pipelines.ts';
import { enginePids, signal, stepPids } from './processes.ts';

import type { Project, Running } from '../../harness/cli.ts';
import type { Random } from './random.ts';

export type Whom = 'command' | 'engine' | 'keeper' | 'child' | 'all';

export type SignalFault = {
  readonly does: 'kill' | 'freeze' | 'term';
  readonly whom: Whom;
  /** Lines of finished steps that are waited for; -1: from the very start. */
  readonly afterSteps: number;
  readonly delayMs: number;
  readonly frozenMs: number;
};

export const CHANGES = [
  'input changed',
  'input removed',
  'artifact removed',
  'artifact cut',
  'journal torn',
  'journal litter',
  'record damaged',
  'engine database removed',
] as const;
export type Change = (typeof CHANGES)[number];

export function randomSignal(random: Random, steps: number): SignalFault {
  const does = random.of(['kill', 'kill', 'freeze', 'term'] as const);
  return {
    does,
    whom: random.of(['command', 'command', 'engine', 'keeper', 'child', 'all'] as const),
    afterSteps: random.below(steps + 2) - 1,
    delayMs: random.below(700),
    frozenMs: 500 + random.below(6000),
  };
}

export function wordsOf({ does, whom, afterSteps, delayMs, frozenMs }: SignalFault): string {
  return `${does}${does === 'freeze' ? ` ${frozenMs}ms` : ''} ${whom} @${afterSteps}+${delayMs}`;
}

/** Does it to a running command. False if there was nobody left to do it to. */
export async function strike(
  fault: SignalFault,
  running: Running,
  project: Project,
): Promise<boolean> {
  if (fault.afterSteps >= 0) {
    const lines = `(?:^ {2}\\S+ +(?:OK|WARN|FAIL|SKIPPED|CACHED) [^]*?){${fault.afterSteps}}`;
    await running
      .says(new RegExp(`^run [^]*${fault.afterSteps === 0 ? '' : lines}`, 'm'))
      .catch(() => undefined);
  }
  await sleep(fault.delayMs);
  const pids = await victims(fault.whom, running, project);
  const name = ({ kill: 'SIGKILL', freeze: 'SIGSTOP', term: 'SIGTERM' } as const)[fault.does];
  const hit = pids.filter((pid) => signal(pid, name));
  if (fault.does === 'freeze') {
    await sleep(fault.frozenMs);
    for (const pid of hit) signal(pid, 'SIGCONT');
  }
  return hit.length > 0;
}

async function victims(whom: Whom, running: Running, project: Project): Promise<readonly number[]> {
  const isOver = running.child.exitCode !== null || running.child.signalCode !== null;
  const command = isOver ? [] : [running.pid];
  const engine = await enginePids(project);
  switch (whom) {
    case 'command':
      return command;
    case 'engine':
      return engine.slice(0, 1);
    case 'keeper':
      return engine.slice(1);
    case 'child':
      return stepPids(project);
    case 'all':
      return [...command, ...engine.toReversed(), ...(await stepPids(project))];
  }
}

/** Changes files while no command runs. */
export async function change(what: Change, project: Project, random: Random): Promise<void> {
  switch (what) {
    case 'input changed':
      return writeFile(project.path('data.csv'), CHANGED_INPUT);
    case 'input removed':
      return rm(project.path('data.csv'), { force: true });
    case 'artifact removed':
    case 'artifact cut': {
      const files = await filesBelow(project.path('.builder/store/artifacts'));
      const file = files[random.below(Math.max(1, files.length))];
      if (file === undefined) return undefined;
      return what === 'artifact cut' ? truncate(file, 3) : rm(file);
    }
    case 'journal torn':
    case 'journal litter': {
      const logs = await filesBelow(project.path('.builder/store/journal'));
      const last = logs.filter((file) => file.endsWith('.log')).at(-1);
      if (last === undefined) return undefined;
      if (what === 'journal litter') return appendFile(last, Buffer.alloc(300));
      return truncate(last, Math.max(0, (await stat(last)).size - 1 - random.below(40)));
    }
    case 'record damaged': {
      const records = (await filesBelow(project.path('.builder/runs'))).filter((file) =>
        file.endsWith('run.json'),
      );
      for (const file of records) await writeFile(file, (await readFile(file)).subarray(0, 20));
      return undefined;
    }
    case 'engine database removed': {
      const files = await filesBelow(project.path('.builder/engine'));
      for (const file of files.filter((name) => name.includes('temporal.db'))) await rm(file);
      return undefined;
    }
  }
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
