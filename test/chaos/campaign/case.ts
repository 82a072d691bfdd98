/** One case of a campaign: a pipeline, up to three faults one after the other, and `resume` until it is over. */

import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { withProject } from '../../harness/cli.ts';
import { change, CHANGES, randomSignal, strike, wordsOf } from './faults.ts';
import { makeDisk } from './disk.ts';
import { firstStartAfter, judgeCommand, judgeEnd, startsOf, toldFinished } from './judge.ts';
import { filesOf, INPUT, MARKS, PIPELINES } from './pipelines.ts';
import { marksIn } from './processes.ts';
import { randomOf } from './random.ts';

import type { Ended, Project, Running } from '../../harness/cli.ts';
import type { DiskFault } from './disk.ts';
import type { Change, SignalFault } from './faults.ts';
import type { Expected } from './judge.ts';
import type { Pipeline } from './pipelines.ts';

export type CaseReport = {
  readonly seed: number;
  readonly pipeline: string;
  readonly faults: readonly string[];
  readonly codes: readonly (number | null | 'hung')[];
  readonly violations: readonly string[];
  readonly faultsThatHit: number;
  readonly seconds: number;
  /** Of each `resume` that executed something: milliseconds from its start to the first step's command. */
  readonly firstStepMs: readonly number[];
  /** What the commands said, for who looks into a violation. */
  readonly said: string;
};

export type Planned = {
  readonly pipeline: Pipeline;
  /** For each command that is disturbed: what is changed before it, and what is done to it. */
  readonly rounds: readonly {
    readonly before?: Change;
    readonly during?: SignalFault;
    /** How its disk is as long as it runs. */
    readonly disk?: DiskFault;
  }[];
};

/** A command that has not ended by then hangs. */
const LIMIT_MS = 120_000;
const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out'];
const RESUME = ['resume', '--out', 'out'];

/** What a seed stands for. */
export function planned(seed: number): Planned {
  const random = randomOf(seed);
  const pipeline = random.of(PIPELINES);
  // Drawn apart from the rest, so that the rest of a seed is what it was.
  const disks = randomOf(seed + 3_000_000);
  const length = 1 + random.below(3);
  const onDisk = disks.below(5) === 0 ? disks.below(length) : -1;
  const disk = disks.of(['disk full', 'disk full', 'disk read-only'] as const);
  const rounds = Array.from({ length }, (_, i) => ({
    ...(i > 0 && random.below(3) === 0 ? { before: random.of(CHANGES) } : {}),
    during: randomSignal(random, pipeline.steps.length),
    ...(i === onDisk ? { disk } : {}),
  }));
  // What is changed after the last disturbed command meets an undisturbed one.
  return random.below(3) > 0
    ? { pipeline, rounds }
    : { pipeline, rounds: [...rounds, { before: random.of(CHANGES) }] };
}

/** Plays one case. @param expected what an undisturbed run of the pipeline delivers, of each version of the input */
export async function playCase(seed: number, expected: Expected): Promise<CaseReport> {
  const { pipeline, rounds } = planned(seed);
  const random = randomOf(seed + 1_000_000);
  const started = Date.now();
  const faults: string[] = [];
  const codes: (number | null | 'hung')[] = [];
  const violations: string[] = [];
  const firstStepMs: number[] = [];
  let faultsThatHit = 0;
  let said = '';
  await withProject(filesOf(pipeline), async (project) => {
    await mkdir(marksIn(project));
    const disk = rounds.some((round) => round.disk)
      ? makeDisk(project.path('.builder'))
      : undefined;
    let hasBegun = false;
    const changes = new Set<Change>();
    const kept = new Map<string, number>();
    let words: readonly string[] = RUN;
    const play = async (during?: SignalFault, onDisk?: DiskFault): Promise<Ended | undefined> => {
      const starts = await startsOf(project);
      const beganAtMs = Date.now();
      const running = start(project, words);
      const struck = during === undefined ? false : await strike(during, running, project);
      if (struck) faultsThatHit += 1;
      const ended = await Promise.race([running.ended, limit(running)]);
      codes.push(ended?.code ?? (ended === undefined ? 'hung' : null));
      said += `$ ${words.join(' ')}\n${ended?.stderr ?? running.said()}\n`;
      violations.push(...judgeCommand({ ended, during, struck, changes, pipeline, disk: onDisk }));
      if (words === RESUME) firstStepMs.push(...(await firstStartAfter(project, beganAtMs)));
      for (const [step, count] of await startsOf(project)) {
        const repeats = count - (starts.get(step) ?? 0);
        if (kept.has(step) && repeats > 0 && changes.size === 0) {
          violations.push(`${step} was executed again after it had been told finished`);
        }
      }
      for (const step of toldFinished(ended?.stderr ?? '')) kept.set(step, 1);
      const told = ended?.stderr ?? '';
      hasBegun = (hasBegun || /^run /m.test(told)) && !told.includes('RUN_NOT_FOUND');
      words = hasBegun ? RESUME : RUN;
      return ended;
    };
    let last: Ended | undefined;
    const isOver = (): boolean =>
      last !== undefined &&
      ((pipeline.code === 0 && last.code === 0) || last.stderr.includes('NOTHING_TO_RESUME'));
    for (const { before, during, disk: onDisk } of rounds) {
      if (isOver()) break;
      if (before !== undefined) {
        await change(before, project, random);
        changes.add(before);
        faultsThatHit += 1;
        faults.push(before);
      }
      if (during === undefined) continue;
      faults.push(wordsOf(during));
      const isHit = onDisk !== undefined && disk?.strike(onDisk, random) === true;
      if (isHit) {
        faultsThatHit += 1;
        faults.push(onDisk);
      }
      last = await play(during, isHit ? onDisk : undefined);
      disk?.heal();
    }
    // Nothing disturbs any more: what was removed is put back once it was missed.
    if (!isOver()) last = await play();
    const isDone = (): boolean => isOver() || last?.code === pipeline.code;
    if (!isDone() && changes.has('input removed')) {
      await writeFile(project.path('data.csv'), INPUT);
      last = await play();
    }
    // What had never begun, or has lost its record, is begun now.
    if (!isDone() && words === RUN) last = await play();
    if (!isDone()) violations.push(`resume does not finish: it ends with ${last?.code}`);
    violations.push(...(await judgeEnd({ project, pipeline, changes, expected })));
    disk?.remove();
  });
  const seconds = (Date.now() - started) / 1000;
  return {
    ...{ seed, pipeline: pipeline.name, faults, codes, faultsThatHit, seconds, firstStepMs, said },
    violations: [...new Set(violations)],
  };
}

function start(project: Project, words: readonly string[]): Running {
  return project.start([...words, '--metrics-file', project.path('m.prom')], {
    [MARKS]: marksIn(project),
  });
}

/** Answers late for a command that hangs, which is killed. */
export async function limit(running: Running): Promise<undefined> {
  const over = new AbortController();
  void running.ended.finally(() => over.abort());
  await sleep(LIMIT_MS, undefined, { signal: over.signal, ref: false }).catch(() => undefined);
  if (!over.signal.aborted) running.kill('SIGKILL');
  return undefined;
}
