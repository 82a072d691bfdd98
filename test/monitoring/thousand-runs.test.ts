import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { openLocalStore } from '../../src/store/local.ts';
import { playOn } from './harness/stage.ts';
import { SERIES_EVER } from './scenarios/scenario.ts';

import { sumsOn } from '../store/fixtures.ts';

import type { Fact } from '../../src/store/entries.ts';
import type { Store } from '../../src/store/store.ts';
import type { Stage } from './harness/stage.ts';

const STEPS = 19;
const RUNS = 1000;

const FILES = {
  'jobs/j.yaml': 'job: hourly\nprofile: p\n',
  'profiles/p.yaml': [
    'profile: p',
    'steps:',
    ...Array.from(
      { length: STEPS },
      (_, n) => `  s${n}: { uses: exec.command, with: { shell: 'true ${n}' } }`,
    ),
    '',
  ].join('\n'),
};

const INFOS = 'count(pipeline_run_info)';
const OK = 'last_over_time(pipeline_step_status_total{step="s0",status="OK"}[10m])';

/** The facts of a run as its processes append them. */
function factsOf(runId: string, port: number): readonly Fact[] {
  const about = {
    runId,
    generation: 1,
    job: 'hourly',
    profile: 'p',
    exporter: String(port),
    atMs: Date.now(),
  };
  const steps = Array.from({ length: STEPS }, (_, n) => `s${n}`).flatMap((step): Fact[] => [
    {
      ...about,
      type: 'attempt',
      step,
      kind: 'exec.command',
      attempt: 1,
      result: 'ok',
      durationMs: 20,
      observed: true,
    },
    {
      ...about,
      type: 'outcome',
      outcome: {
        step,
        kind: 'exec.command',
        status: 'OK',
        attempts: 1,
        lost: 0,
        durationMs: 20,
        elapsedMs: 25,
        endedAtMs: about.atMs,
      },
    },
  ]);
  const end: Fact = { ...about, type: 'run', status: 'OK', startedAtMs: about.atMs, durationMs: 1 };
  return [...steps, end];
}

async function runAgain(store: Store, port: number, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const verdicts = await store.append(factsOf(`again-${n}`, port));
    expect(verdicts.every(({ won }) => won)).toBe(true);
  }
  await store.settled();
}

/** Milliseconds from the command to its first finished step, three times: what a person waits for. */
async function startMs({ start }: Pick<Stage, 'start'>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let n = 0; n < 3; n++) {
    const startedAt = performance.now();
    const running = start({ linger: '0' });
    await running.says(/ OK /);
    times.push(Math.round(performance.now() - startedAt));
    expect((await running.ended).code).toBe(0);
  }
  return times;
}

test(
  'a thousand runs leave as many series as three, and every one of them is counted',
  () =>
    playOn({
      files: FILES,
      async play({ prometheus, project, port, start, run }) {
        const freshMs = await startMs({ start });
        // One of the three may have been over before a scrape; the fourth waits for one.
        expect((await run()).code).toBe(0);
        const [early] = await prometheus.query(SERIES_EVER);
        const store = await openLocalStore(join(project.folder, '.builder/store'));
        const { steps } = await sumsOn(store, String(port));
        expect(Object.values(steps)).toHaveLength(STEPS);
        for (const { statuses, attempts } of Object.values(steps)) {
          expect({ statuses, attempts }).toEqual({ statuses: { OK: 4 }, attempts: { ok: 4 } });
        }

        await runAgain(store, port, RUNS - 4);
        const lateMs = await startMs({ start });
        expect((await run()).code).toBe(0);
        await prometheus.becomes(OK, ['status'], { OK: RUNS + 4 });
        const [late] = await prometheus.query(SERIES_EVER);
        expect(late?.value).toBe(early?.value);
        expect((await prometheus.query(`max_over_time(${INFOS}[10m:1s])`))[0]?.value).toBe(20);
        process.stdout.write(
          `three starts of a run of ${STEPS} steps with metrics: ${freshMs.join(', ')} ms with nothing recorded, ` +
            `${lateMs.join(', ')} ms with ${RUNS} runs recorded; ` +
            `${late?.value} series in both\n`,
        );
      },
    }),
  300_000,
);
