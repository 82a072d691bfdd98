/** A service, and three workers that somebody starts again when they have ended, as a supervisor would. */

import { setTimeout as sleep } from 'node:timers/promises';

import { until } from '../../harness/cli.ts';
import { MARKS } from './pipelines.ts';
import { marksIn } from './processes.ts';

import type { Project, Running } from '../../harness/cli.ts';
import type { Service } from '../../harness/service.ts';

export type Fleet = {
  readonly service: Service;
  /** Flags of every command of the fleet. */
  readonly flags: readonly string[];
  /** Absolute path of the store that they share. */
  readonly store: string;
  /** The worker in a place, as it runs now. */
  worker(place: number): Running;
  /** Tells every worker to leave; answers what is wrong with how they did. */
  leave(): Promise<readonly string[]>;
};

export const WORKERS = 3;
/** A worker ends its steps and says goodbye; this is for a machine that hardly moves. */
const LEAVES_WITHIN_MS = 30_000;
const RESTARTS_AFTER_MS = 300;

/** Starts the workers, and starts each again until the fleet is told to leave. */
export async function startFleet(project: Project, service: Service): Promise<Fleet> {
  const store = project.path('shared');
  const flags = ['--temporal-address', service.address, '--store', store];
  const files = Array.from({ length: WORKERS }, (_, n) => project.path(`w${n}.prom`));
  const said: string[] = [];
  let isLeaving = false;

  const start = (n: number): Running => {
    const place = ['--state-dir', `st-w${n}`, '--slots', '3', '--metrics-file', files[n]!];
    const running = project.start(['worker', ...flags, ...place], { [MARKS]: marksIn(project) });
    void running.ended.then(async ({ code, stderr }) => {
      // 3: the service was away for too long, or when it was started.
      if (code !== null && code !== 0 && code !== 3) said.push(`a worker ends with ${code}`);
      if (/^ {4}at .*\.js:\d+/m.test(stderr)) said.push('a worker shows a stack');
      if (isLeaving) return;
      await sleep(RESTARTS_AFTER_MS);
      if (!isLeaving) workers[n] = start(n);
    });
    return running;
  };
  const workers = files.map((_, n) => start(n));
  await until(
    () => workers.every((worker) => /^serving /m.test(worker.said())),
    'the workers serve',
    90_000,
  );
  return {
    ...{ service, flags, store },
    worker: (place) => workers[place % WORKERS]!,
    leave: async () => {
      isLeaving = true;
      for (const worker of workers) worker.kill('SIGCONT');
      for (const worker of workers) worker.kill('SIGTERM');
      const over = new AbortController();
      const late = sleep(LEAVES_WITHIN_MS, true, { signal: over.signal }).catch(() => false);
      const isLate = await Promise.race([late, Promise.all(workers.map(({ ended }) => ended))]);
      over.abort();
      return isLate === true ? [...said, 'a worker that was told to leave stays'] : said;
    },
  };
}

export type FleetFault = {
  readonly does: 'kill' | 'freeze' | 'term';
  readonly whom: 'command' | 'worker' | 'service' | 'child';
  /** Which worker. */
  readonly place: number;
  readonly afterSteps: number;
  readonly delayMs: number;
  /** How long it is frozen, or the service away. */
  readonly awayMs: number;
};
