/** What must be true of a project that was served and struck: every due run once, every partition right, nothing left. */

import { readdir, readFile } from 'node:fs/promises';

import { until } from '../../harness/cli.ts';
import { processesOf } from '../campaign/processes.ts';
import { itemsOf, monthsOf, monthText } from './project.ts';

import type { Project } from '../../harness/cli.ts';
import type { Size } from './project.ts';

type Run = {
  readonly run_id: string;
  readonly job: string;
  readonly partition?: string;
  readonly status: string;
  readonly state: string;
  readonly error?: string;
};

/** Recorded runs, oldest first. */
export async function runsOf(project: Project): Promise<readonly Run[]> {
  const { stdout } = await project.run(['runs', '--json', '--limit', '100000']);
  return (JSON.parse(stdout) as { readonly runs: readonly Run[] }).runs.toReversed();
}

/** Seconds since 1970 that a run was due at. */
export function dueAt({ run_id: id }: Pick<Run, 'run_id'>): number {
  const [, y, mo, d, h, mi, s] = /-(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(id) ?? [];
  return Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s)) / 1000;
}

/** What is wrong once nothing is served any more. `untilS`: what was due by then had the time to be made. */
export async function judgeServed(
  project: Project,
  size: Size,
  untilS: number,
): Promise<readonly string[]> {
  const runs = await runsOf(project);
  const of = (job: string): readonly Run[] => runs.filter((run) => run.job === job);
  return [
    ...runs.filter(({ status, state }) => state === 'closed' && status !== 'OK').map(saidOf),
    ...nightsWrong(of('nightly'), size, untilS),
    ...monthsWrong(of('monthly'), size),
    ...roundsWrong(of('listed'), size, untilS),
    ...(await contentWrong(project, size)),
    ...(await leftOver(project)),
  ];
}

function saidOf({ run_id: id, status, error = '' }: Run): string {
  return `${id} ended ${status}: ${error}`;
}

/** buffer_all: each of them, in order, once. */
function nightsWrong(runs: readonly Run[], { night }: Size, untilS: number): readonly string[] {
  const times = runs.map(dueAt);
  const first = times[0];
  if (first === undefined) return ['no night was made'];
  const due = Array.from(
    { length: Math.max(0, Math.floor((untilS - first) / night) + 1) },
    (_, i) => first + i * night,
  );
  const missing = due
    .filter((at) => !times.includes(at))
    .map((at) => `the night ${at} was not made`);
  return [...missing, ...twice(times, 'night')];
}

/** make: missing, one firing after the other: each month once, whatever was killed. */
function monthsWrong(runs: readonly Run[], size: Size): readonly string[] {
  const made = runs.map(({ partition }) => partition);
  const missing = monthsOf(size).filter((month) => !made.includes(month));
  return [...missing.map((month) => `the month ${month} was not made`), ...twice(made, 'month')];
}

/** skip: a round that was begun is made whole; one that was due while another went on is not begun. */
function roundsWrong(runs: readonly Run[], size: Size, untilS: number): readonly string[] {
  const rounds = new Map<number, string[]>();
  for (const run of runs) {
    const at = dueAt(run);
    rounds.set(at, [...(rounds.get(at) ?? []), run.partition ?? '?']);
  }
  if (rounds.size === 0) return ['no round was made'];
  return [...rounds].flatMap(([at, made]) => {
    if (at > untilS) return [];
    const missing = itemsOf(size).filter((item) => !made.includes(item));
    return [
      ...(at % size.round === 0 ? [] : [`a round at ${at}, which was not due`]),
      ...(missing.length === 0 ? [] : [`the round ${at} lacks ${missing.join(', ')}`]),
      ...twice(made, `item of the round ${at}`),
    ];
  });
}

function twice(all: readonly unknown[], what: string): readonly string[] {
  const again = all.filter((one, i) => all.indexOf(one) !== i);
  return again.map((one) => `the ${what} ${String(one)} twice`);
}

async function contentWrong(project: Project, size: Size): Promise<readonly string[]> {
  const read = (path: string): Promise<string> =>
    readFile(project.path(path), 'utf8').catch(() => '(none)');
  const wanted = [
    ...monthsOf(size).map((month) => [`out/monthly/${month}/data.csv`, monthText(month)] as const),
    ...itemsOf(size).map((item) => [`out/listed/${item}/work.csv`, 'n\n1\n'] as const),
    ['out/nightly/work.csv', 'n\n1\n'] as const,
  ];
  const wrong: string[] = [];
  for (const [path, text] of wanted) {
    const found = await read(path);
    if (found !== text) wrong.push(`${path} holds ${JSON.stringify(found)}`);
  }
  return wrong;
}

/** Staged deliveries, locks, attempts, processes. */
async function leftOver(project: Project): Promise<readonly string[]> {
  const names = await readdir(project.path('out'), { recursive: true });
  const staged = names.filter((name) => /\.(old|new|stage)/.test(name));
  const processes = await until(
    async () => {
      const found = await processesOf(project);
      return found.length === 0 && found;
    },
    'all processes end',
    60_000,
  ).catch(() => processesOf(project));
  return [
    ...staged.map((name) => `out/${name} is left`),
    ...processes.map(({ pid, command }) => `process ${pid} is left: ${command.slice(0, 80)}`),
  ];
}
