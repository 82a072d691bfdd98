import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { CLAIM_KEYS } from '../../src/metrics/counting.ts';
import { openLocalStore } from '../../src/store/local.ts';
import { playOn } from './harness/stage.ts';
import { SERIES_EVER } from './scenarios/scenario.ts';

import type { Claim, Store } from '../../src/store/store.ts';
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

/** Puts the claims of one real run into the store again, as if it had been run `times` more. */
async function runAgain(store: Store, port: number, times: number): Promise<void> {
  const { claims: all } = await store.claimsOn(String(port));
  const real = all.filter(({ runId }) => runId === all[0]?.runId);
  const ids = Array.from({ length: times }, (_, n) => `again-${n}`).values();
  const record = async (): Promise<void> => {
    for (const runId of ids) {
      await Promise.all(real.map((claim) => store.claim(runId, keyOf(claim), { ...claim, runId })));
      await store.sealClaims(runId);
    }
  };
  await Promise.all(Array.from({ length: 16 }, record));
}

function keyOf(claim: Claim): string {
  switch (claim.type) {
    case 'outcome':
      return CLAIM_KEYS.success(claim.outcome.step);
    case 'attempt':
      return CLAIM_KEYS.attempt(1, claim.step, 1);
    case 'run':
      return CLAIM_KEYS.run(1);
  }
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
        const { claims } = await store.claimsOn(String(port));
        expect(claims.length).toBe(4 * (2 * STEPS + 1));

        await runAgain(store, port, RUNS - 4);
        const lateMs = await startMs({ start });
        expect((await run()).code).toBe(0);
        await prometheus.becomes(OK, ['status'], { OK: RUNS + 4 });
        const [late] = await prometheus.query(SERIES_EVER);
        expect(late?.value).toBe(early?.value);
        expect((await prometheus.query(`max_over_time(${INFOS}[10m:1s])`))[0]?.value).toBe(20);
        process.stdout.write(
          `three starts of a run of ${STEPS} steps with metrics: ${freshMs.join(', ')} ms with nothing recorded, ` +
            `${lateMs.join(', ')} ms with ${RUNS} runs recorded (the first of them reads all, and saves totals); ` +
            `${late?.value} series in both\n`,
        );
      },
    }),
  300_000,
);
