/** A served campaign: a project is served while a seed kills serve, engine or a step, and is judged when it is quiet. */

import { mkdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

import { withProject } from '../../harness/cli.ts';
import { enginePids, marksIn, signal, stepPids } from '../campaign/processes.ts';
import { MARKS } from '../campaign/pipelines.ts';
import { randomOf } from '../campaign/random.ts';
import { dueAt, judgeServed, runsOf } from './judge.ts';
import { filesOf } from './project.ts';

import type { Project, Running } from '../../harness/cli.ts';
import type { Random } from '../campaign/random.ts';
import type { Size } from './project.ts';

export type ServedReport = {
  readonly seed: number;
  /** What was killed, and when: `serve at 12.3s`. */
  readonly kills: readonly string[];
  readonly runs: number;
  readonly violations: readonly string[];
  /** What the served processes said, one after the other. */
  readonly said: string;
};

export type ServedCase = {
  readonly seed: number;
  readonly size: Size;
  readonly kills: number;
  /** Seconds over which the kills are spread. */
  readonly seconds: number;
  /** Told as it happens. */
  readonly tell?: (line: string) => void;
};

const TARGETS = ['serve', 'engine', 'serve and engine', 'step'] as const;
type Target = (typeof TARGETS)[number];

/** Nothing ends for longer than it takes to begin again after a kill at the worst moment, on a busy machine. */
const STALLED_MS = 180_000;
/** The nights that come meanwhile must not hide that something is lost. */
const MOST_MS = 20 * 60_000;
const LOOK_EVERY_MS = 500;
/** A night is begun at least so often, unless all are down. */
const STEP_WITHIN_MS = 60_000;
const STEP_EVERY_MS = 20;

/** Plays one case. */
export async function playServed(about: ServedCase): Promise<ServedReport> {
  let report: ServedReport | undefined;
  await withProject(filesOf(about.size), async (project) => {
    report = await playIn(project, about);
  });
  return report!;
}

async function playIn(
  project: Project,
  { seed, size, kills, seconds, tell = () => undefined }: ServedCase,
): Promise<ServedReport> {
  await mkdir(marksIn(project));
  const random = randomOf(seed);
  const plan = Array.from({ length: kills }, () => ({
    atMs: random.below(seconds * 1000),
    target: random.of(TARGETS),
  })).toSorted((a, b) => a.atMs - b.atMs);
  const supervised = supervise(project);
  const began = Date.now();
  const done: string[] = [];
  for (const { atMs, target } of plan) {
    await pause(Math.max(0, began + atMs - Date.now()));
    const hit = await strike(project, supervised.current(), target, random);
    const line = `${target} at ${(Date.now() - began) / 1000}s${hit ? '' : ' (nothing was there)'}`;
    done.push(line);
    tell(line);
  }
  await pause(Math.max(0, began + seconds * 1000 - Date.now()));
  const untilS = Math.floor(Date.now() / 1000);
  const isQuiet = await catchesUp(project, size, untilS);
  await supervised.stop();
  const violations = await judgeServed(project, size, untilS);
  const runs = (await runsOf(project)).length;
  return {
    seed,
    kills: done,
    runs,
    violations: isQuiet ? violations : ['it does not get on', ...violations],
    said: supervised.said(),
  };
}

/** False if it stands still before all that was due by then is made. A machine may be slow: only standing still counts. */
async function catchesUp(project: Project, size: Size, untilS: number): Promise<boolean> {
  let ended = 0;
  let endedAt = Date.now();
  const giveUpAt = Date.now() + MOST_MS;
  while (Date.now() - endedAt < STALLED_MS && Date.now() < giveUpAt) {
    const runs = await runsOf(project);
    const closed = runs.filter(({ state }) => state === 'closed').length;
    if (closed > ended) {
      ended = closed;
      endedAt = Date.now();
    }
    const nights = runs.filter(({ job }) => job === 'nightly');
    const isCaughtUp = nights.some((run) => run.state === 'closed' && dueAt(run) > untilS);
    const months = runs.filter((run) => run.job === 'monthly' && run.status === 'OK');
    const areMonthsMade = new Set(months.map(({ partition }) => partition)).size === size.months;
    const isOpen = runs.some((run) => run.state === 'open' && dueAt(run) <= untilS);
    const rounds = runs.filter((run) => run.job === 'listed' && dueAt(run) <= untilS);
    const areRoundsWhole = rounds.length > 0 && rounds.length % size.items === 0;
    if (isCaughtUp && areMonthsMade && areRoundsWhole && !isOpen) return true;
    await pause(LOOK_EVERY_MS);
  }
  return false;
}

/** Starts `serve` again whenever it ends, as an init system does. */
function supervise(project: Project): {
  current(): Running;
  said(): string;
  stop(): Promise<void>;
} {
  let isStopping = false;
  const all: Running[] = [];
  const start = (): Running => {
    const running = project.start(['serve', '--log', 'text'], { [MARKS]: marksIn(project) });
    all.push(running);
    void running.ended.then(async () => {
      await pause(200);
      if (!isStopping) current = start();
    });
    return running;
  };
  let current = start();
  return {
    current: () => current,
    said: () => all.map((one) => one.said()).join('--- started again\n'),
    stop: async () => {
      isStopping = true;
      current.kill('SIGTERM');
      await current.ended;
    },
  };
}

/** False if there was nothing to kill. */
async function strike(
  project: Project,
  serve: Running,
  target: Target,
  random: Random,
): Promise<boolean> {
  const engine = (): Promise<readonly number[]> =>
    enginePids(project).then((pids) => pids.slice(0, 1));
  switch (target) {
    case 'serve':
      return signal(serve.pid, 'SIGKILL');
    case 'engine':
      return (await engine()).some((pid) => signal(pid, 'SIGKILL'));
    case 'serve and engine': {
      const pids = [serve.pid, ...(await engine())];
      return pids.map((pid) => signal(pid, 'SIGKILL')).includes(true);
    }
    case 'step': {
      // Steps are short: the next one is awaited.
      const giveUpAt = Date.now() + STEP_WITHIN_MS;
      for (;;) {
        const [first, ...rest] = await stepPids(project);
        if (first !== undefined && signal(random.of([first, ...rest]), 'SIGKILL')) return true;
        if (Date.now() > giveUpAt) return false;
        await pause(STEP_EVERY_MS);
      }
    }
  }
}
