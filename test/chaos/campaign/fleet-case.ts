/** One case of a fleet: a service, three workers and a command, up to three faults in them, and `resume` until it is over. */

import { mkdir, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { withProject } from '../../harness/cli.ts';
import { withService } from '../../harness/service.ts';
import { limit } from './case.ts';
import { startFleet, WORKERS } from './fleet.ts';
import { judgeFleet, judgeFleetCommand } from './fleet-judge.ts';
import { firstStartAfter, startsOf, toldFinished } from './judge.ts';
import { filesOf, MARKS, PIPELINES } from './pipelines.ts';
import { marksIn, signal, stepPids } from './processes.ts';
import { randomOf } from './random.ts';

import type { Ended, Project, Running } from '../../harness/cli.ts';
import type { CaseReport } from './case.ts';
import type { Fleet, FleetFault } from './fleet.ts';
import type { Expected } from './judge.ts';
import type { Pipeline } from './pipelines.ts';
import type { Random } from './random.ts';

/** Shorter than the heartbeat of the fleet's steps: a worker that nobody hears of for longer is passed over, by design. */
const MOST_AWAY_MS = 5_000;
const HEARTBEAT = '10s';

/** What a seed stands for. */
export function plannedFleet(seed: number): {
  readonly pipeline: Pipeline;
  readonly faults: readonly FleetFault[];
} {
  const random = randomOf(seed + 5_000_000);
  const pipeline = random.of(PIPELINES);
  const faults = Array.from({ length: 1 + random.below(3) }, () =>
    randomFault(random, pipeline.steps.length),
  );
  return { pipeline, faults };
}

function randomFault(random: Random, steps: number): FleetFault {
  return {
    does: random.of(['kill', 'kill', 'freeze', 'term'] as const),
    whom: random.of(['command', 'worker', 'worker', 'service', 'child'] as const),
    place: random.below(WORKERS),
    afterSteps: random.below(steps + 1),
    delayMs: random.below(900),
    awayMs: 300 + random.below(MOST_AWAY_MS - 300),
  };
}

function wordsOf({ does, whom, place, afterSteps, delayMs, awayMs }: FleetFault): string {
  const who = whom === 'worker' ? `worker ${place}` : whom;
  const away = does === 'freeze' || whom === 'service' ? ` ${awayMs}ms` : '';
  return `${does}${away} ${who} @${afterSteps}+${delayMs}`;
}

/** Plays one case. @param expected what an undisturbed run of the pipeline delivers */
export async function playFleetCase(seed: number, expected: Expected): Promise<CaseReport> {
  const { pipeline, faults } = plannedFleet(seed);
  const started = Date.now();
  const codes: (number | null | 'hung')[] = [];
  const violations: string[] = [];
  const firstStepMs: number[] = [];
  let faultsThatHit = 0;
  let said = '';
  const files = Object.entries(filesOf(pipeline)).map(([name, text]) => [
    name,
    text.replace('heartbeat: 2s', `heartbeat: ${HEARTBEAT}`),
  ]);
  await withProject(Object.fromEntries(files) as Record<string, string>, async (project) => {
    await mkdir(marksIn(project));
    await withService(project, async (service) => {
      const fleet = await startFleet(project, service);
      const place = ['--state-dir', 'st-caller'];
      const run = ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out'];
      let hasBegun = false;
      const kept = new Set<string>();
      const play = async (during?: FleetFault): Promise<Ended | undefined> => {
        const words = [...(hasBegun ? ['resume', '--out', 'out'] : [...run, ...place])];
        const starts = await startsOf(project);
        const beganAtMs = Date.now();
        const running = project.start([...words, ...fleet.flags], { [MARKS]: marksIn(project) });
        const struck = during === undefined ? false : await strike(during, running, fleet, project);
        if (struck) faultsThatHit += 1;
        const struckAtMs = Date.now();
        const ended = await Promise.race([running.ended, limit(running)]);
        codes.push(ended?.code ?? (ended === undefined ? 'hung' : null));
        const told = ended?.stderr ?? running.said();
        said += `$ ${words.join(' ')}\n${told}\n`;
        const leftAfterMs = Date.now() - struckAtMs;
        violations.push(...judgeFleetCommand({ ended, during, struck, pipeline, leftAfterMs }));
        if (hasBegun) firstStepMs.push(...(await firstStartAfter(project, beganAtMs)));
        for (const [step, count] of await startsOf(project)) {
          if (kept.has(step) && count > (starts.get(step) ?? 0)) {
            violations.push(`${step} was executed again after it had been told finished`);
          }
        }
        for (const step of toldFinished(told)) kept.add(step);
        hasBegun = (hasBegun || /^run /m.test(told)) && !told.includes('RUN_NOT_FOUND');
        return ended;
      };
      let last: Ended | undefined;
      const isOver = (): boolean =>
        last !== undefined &&
        (last.code === pipeline.code || last.stderr.includes('NOTHING_TO_RESUME'));
      for (const fault of faults) {
        if (isOver()) break;
        last = await play(fault);
      }
      // Nothing disturbs any more; a worker that was killed last may still be missed for a heartbeat.
      for (let more = 0; more < 2 && !isOver(); more += 1) last = await play();
      if (!isOver()) violations.push(`resume does not finish: it ends with ${last?.code}`);
      violations.push(...(await judgeFleet({ project, pipeline, expected, fleet })));
    });
    // What a worker that was killed had made stays until somebody prunes.
    if (!faults.some(({ does, whom }) => whom === 'worker' && does === 'kill')) {
      violations.push(...(await leftAttempts(project)));
    }
  });
  const seconds = (Date.now() - started) / 1000;
  return {
    ...{ seed, pipeline: pipeline.name, faults: faults.map(wordsOf), codes, faultsThatHit },
    ...{ seconds, firstStepMs, said, violations: [...new Set(violations)] },
  };
}

async function leftAttempts(project: Project): Promise<readonly string[]> {
  const places = (await readdir(project.folder)).filter((name) => name.startsWith('st-'));
  const left = await Promise.all(
    places.map(async (place) => {
      const names = await readdir(project.path(`${place}/attempts`)).catch(() => []);
      const runs = names.filter((name) => name !== '_shared');
      return runs.length === 0 ? [] : [`left in ${place}/attempts: ${runs.join()}`];
    }),
  );
  return left.flat();
}

/** Does it while a command runs. False if there was nobody left to do it to. */
async function strike(
  fault: FleetFault,
  running: Running,
  fleet: Fleet,
  project: Project,
): Promise<boolean> {
  const { does, whom, place, afterSteps, delayMs, awayMs } = fault;
  const lines = `(?:^ {2}\\S+ +(?:OK|WARN|FAIL|SKIPPED|CACHED) [^]*?){${afterSteps}}`;
  await running
    .says(new RegExp(`^(?:run|resume) [^]*${afterSteps === 0 ? '' : lines}`, 'm'))
    .catch(() => undefined);
  await sleep(delayMs);
  const { service } = fleet;
  if (whom === 'service') {
    if (does === 'freeze') service.pause();
    else await service.kill();
    await sleep(awayMs);
    if (does === 'freeze') service.wake();
    else await service.start();
    return true;
  }
  const pids =
    whom === 'child'
      ? await stepPids(project)
      : [whom === 'worker' ? fleet.worker(place).pid : running.pid];
  const isOver = running.child.exitCode !== null || running.child.signalCode !== null;
  if (whom === 'command' && isOver) return false;
  const name = ({ kill: 'SIGKILL', freeze: 'SIGSTOP', term: 'SIGTERM' } as const)[does];
  const hit = pids.filter((pid) => signal(pid, name));
  if (does === 'freeze') {
    await sleep(awayMs);
    for (const pid of hit) signal(pid, 'SIGCONT');
  }
  return hit.length > 0;
}
