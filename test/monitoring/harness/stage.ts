/** Where a scenario plays: a project with its pipeline, a port for its metrics, and a Prometheus that scrapes it. */

import { expect } from '@jest/globals';

import { freePort, withProject } from '../../harness/cli.ts';
import { withPrometheus } from './prometheus.ts';

import type { Ended, Project, Running } from '../../harness/cli.ts';
import type { Prometheus } from './prometheus.ts';

export type Stage = {
  readonly project: Project;
  readonly prometheus: Prometheus;
  readonly port: number;
  /** A second port, which Prometheus scrapes if the script says so: for a second worker or another job. */
  readonly otherPort: number;
  /** Says that from this moment to the end nothing is wrong, so that no rule may return anything. */
  healthyFromNow(): void;
  /** Lets the commands go on that wait for it: those with UNTIL_RELEASED. */
  release(): Promise<void>;
  /** One-shot `run-profile` with metrics, in the background. */
  start(shot?: Shot): Running;
  /** The same to its end. */
  run(shot?: Shot): Promise<Ended>;
  /** A long-lived exporter on the same state folder, which tells of every job there; served on `port`. */
  dev(): Promise<Running>;
  /** A command as cron starts it where that one is: without metrics of its own. */
  cron(shot?: Shot): Promise<Ended>;
};

/**
 * Shell that waits until the test has seen what it wants to see, so that no scrape has to hit a moment. The step needs
 * `pass_env: [GO]`.
 */
export const UNTIL_RELEASED = 'while [ ! -e "$GO" ]; do sleep 0.1; done';

/** For `env` of whatever runs steps with UNTIL_RELEASED. */
export function releaseEnv(project: Project): Readonly<Record<string, string>> {
  return { GO: project.path('go') };
}

export type Shot = {
  /** Default: jobs/j.yaml. */
  readonly job?: string;
  /** Default: the job's name for it. */
  readonly profile?: string;
  /** Default: out. */
  readonly out?: string;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** How the command waits for its last scrape; by default longer than any scrape takes to come. */
  readonly linger?: string;
  /** More words for the command. */
  readonly words?: readonly string[];
};

export type Script = {
  readonly files: Readonly<Record<string, string>>;
  /** How many ports Prometheus scrapes; default 1. */
  readonly ports?: 1 | 2;
  /** Series that Prometheus knows from an hour ago. */
  readonly past?: readonly string[];
  /** What happens before Prometheus is there. */
  readonly before?: (stage: Omit<Stage, 'prometheus'>) => Promise<void>;
  readonly play: (stage: Stage) => Promise<void>;
};

/** What was played, for who looks at it. Unix seconds. */
export type Played = {
  readonly prometheus: Prometheus;
  readonly fromS: number;
  /** Since when nothing was wrong. */
  readonly healthyFromS: number | undefined;
};

/** Plays a script; `look` sees the Prometheus at the end, while everything it knows is still there. */
export async function playOn(
  { files, ports = 1, past, before, play }: Script,
  look: (played: Played) => Promise<void> = async () => undefined,
): Promise<void> {
  const [port, otherPort] = [await freePort(), await freePort()];
  await withProject(files, async (project) => {
    const start = (shot: Shot = {}): Running =>
      project.start(wordsOf({ port, ...shot }), { ...releaseEnv(project), ...shot.env });
    const run = (shot: Shot = {}): Promise<Ended> => start(shot).ended;
    let healthyFromS: number | undefined;
    const healthyFromNow = (): void => {
      healthyFromS = Date.now() / 1000;
    };
    const release = (): Promise<void> => project.write({ go: '' });
    const dev = async (): Promise<Running> => {
      const running = project.start(['dev', ...exporterWords(port)]);
      await running.says(/Ctrl-C stops/);
      return running;
    };
    const cron = (shot: Shot = {}): Promise<Ended> => run({ ...shot, port: 0 });
    const stage = { project, port, otherPort, healthyFromNow, release, start, run, dev, cron };
    await before?.(stage);
    const scraped = [port, otherPort].slice(0, ports);
    const options = { ports: scraped, rules: true, ...(past === undefined ? {} : { past }) };
    await withPrometheus(options, async (prometheus) => {
      try {
        await play({ ...stage, prometheus });
        expect(await prometheus.ruleFailures()).toEqual({});
      } finally {
        await look({ prometheus, fromS: prometheus.startedAtS, healthyFromS });
      }
    });
  });
}

/** The words that serve metrics on a port, where only this machine can reach it. */
export function exporterWords(port: number): readonly string[] {
  return ['--prometheus-port', String(port), '--prometheus-address', '127.0.0.1'];
}

function wordsOf({
  job = 'jobs/j.yaml',
  profile,
  out = 'out',
  port = 0,
  linger = '60',
  words = [],
}: Shot): string[] {
  return [
    ...['run-profile', '--job', job, '--out', out],
    ...(profile === undefined ? [] : ['--profile', profile]),
    ...exporterWords(port),
    ...['--linger', linger],
    ...words,
  ];
}
