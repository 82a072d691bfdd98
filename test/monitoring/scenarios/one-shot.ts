/** Short commands that come and go, as cron starts them. */

import { expect } from '@jest/globals';

import { ATTEMPTS, FAILING_NOW, lastOf, OUTCOMES } from './scenario.ts';

import type { Scenario } from './scenario.ts';

/** One step that ends with $CODE after $SECONDS, and one that needs it. */
const TWO_STEPS = {
  'jobs/j.yaml': 'job: nightly\nprofile: p\n',
  'profiles/p.yaml': `
profile: p
defaults: { retry: { attempts: 1 } }
steps:
  load:
    uses: exec.command
    core: true
    with: { shell: 'sleep "$SECONDS"; echo told >&2; exit "$CODE"', pass_env: [CODE, SECONDS] }
  use: { uses: exec.command, needs: [load], with: { shell: 'true' } }
`,
};
const LOAD = { job: 'nightly', profile: 'p', step: 'load' };

const fails = { env: { CODE: '7', SECONDS: '0' } };
const succeeds = { env: { CODE: '0', SECONDS: '0' } };

export const firstFailureEver: Scenario = {
  name: 'the first run ever fails: counted, alerted on, and over with the next success',
  files: TWO_STEPS,
  async play({ prometheus, run }) {
    const { code, stderr } = await run({ env: { CODE: '7', SECONDS: '2' } });
    expect([code, stderr]).toEqual([1, expect.stringContaining('step load')]);
    await prometheus.becomes(OUTCOMES, ['step', 'status'], { 'load FAIL': 1, 'use SKIPPED': 1 });
    await prometheus.becomes(FAILING_NOW.replace(' > 0', ' > bool 0'), ['job', 'profile', 'step'], {
      'nightly p load': 1,
      'nightly p use': 0,
    });
    await prometheus.fires('PipelineStepFailing', LOAD);

    expect((await run(succeeds)).code).toBe(0);
    await prometheus.resolves('PipelineStepFailing', LOAD);
  },
};

export const failureBeforeTheFirstScrape: Scenario = {
  name: 'a failure that no scrape saw is known from the next run on',
  files: TWO_STEPS,
  async before({ run }) {
    expect((await run({ ...fails, words: ['--linger', '0'] })).code).toBe(1);
  },
  async play({ prometheus, start, run }) {
    const second = start({ env: { CODE: '7', SECONDS: '3' } });
    await prometheus.becomes('pipeline_step_status_total > 0', ['step', 'status'], {
      'load FAIL': 1,
      'use SKIPPED': 1,
    });
    await prometheus.fires('PipelineStepFailing', LOAD);
    await second.ended;
    await prometheus.becomes(OUTCOMES, ['step', 'status'], { 'load FAIL': 2, 'use SKIPPED': 2 });
    await run(succeeds);
    await prometheus.resolves('PipelineStepFailing', LOAD);
  },
};

export const twoFailuresInARow: Scenario = {
  name: 'two identical failing runs are one and two, never one and one',
  files: TWO_STEPS,
  async play({ prometheus, run }) {
    await run(fails);
    const sinceS = Date.now() / 1000;
    await prometheus.becomes(OUTCOMES, ['step', 'status'], { 'load FAIL': 1, 'use SKIPPED': 1 });
    await run(fails);
    await prometheus.becomes(OUTCOMES, ['step', 'status'], { 'load FAIL': 2, 'use SKIPPED': 2 });
    const failures = 'pipeline_step_status_total{step="load",status="FAIL"}';
    const [seen] = await prometheus.range(lastOf(failures), sinceS, Date.now() / 1000);
    expect([...new Set(seen?.values)]).toEqual([1, 2]);
    expect(await prometheus.table(FAILING_NOW, ['job', 'profile', 'step', 'status'])).toEqual({
      'nightly p load FAIL': expect.any(Number),
    });
    await prometheus.becomes(ATTEMPTS, ['step', 'result'], { 'load fail': 2 });
    await prometheus.fires('PipelineStepFailing', LOAD);
  },
};
