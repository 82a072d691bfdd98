/** Commands without metrics of their own, as cron starts them, beside one long-lived process on their state folder. */

import { rm } from 'node:fs/promises';

import { expect } from '@jest/globals';

import { RUNNING } from './scenario.ts';

import type { Scenario } from './scenario.ts';

const RUN = { job: 'nightly', profile: 'p' };
const LOAD = { ...RUN, step: 'load' };

const nightly = (steps: string): Record<string, string> => ({
  'jobs/j.yaml': 'job: nightly\nprofile: p\n',
  'profiles/p.yaml': `profile: p\ndefaults: { retry: { attempts: 3, backoff: 100ms } }\nsteps:\n${steps}`,
});
const shell = (text: string): string =>
  `  load: { uses: exec.command, with: { shell: '${text}', pass_env: [CODE, TAKES, OUT] } }\n`;

export const cronFails: Scenario = {
  name: 'cron line fails',
  claim:
    'a failure outlives the command and a restart of who tells it, names its run, and ends when mended',
  files: nightly(shell('sleep "${TAKES:-0}"; exit "$CODE"')),
  async play({ prometheus, dev, cron }) {
    const first = await dev();
    expect((await cron({ env: { CODE: '7' } })).code).toBe(1);
    await prometheus.fires('PipelineStepFailing', LOAD);
    first.kill('SIGTERM');
    await first.ended;
    await prometheus.resolves('PipelineStepFailing');
    await dev();
    await prometheus.fires('PipelineStepFailing', LOAD);
    // The next run is going on, and says nothing yet.
    const next = cron({ env: { CODE: '0', TAKES: '5' } });
    await prometheus.becomes(RUNNING, ['step'], { load: 1 });
    await prometheus.catchesUp();
    const { run = '', command } = await prometheus.annotations('PipelineStepFailing');
    expect(run).toMatch(/^nightly-\d{8}-\d{6}-\w+$/);
    expect(command).toBe(`builder_cli logs ${run} --step load`);
    const newest = await prometheus.labelValues('run_id', 'pipeline_run_info');
    expect(newest.toSorted()).toEqual([run, expect.any(String)]);

    expect((await next).code).toBe(0);
    await prometheus.resolves('PipelineStepFailing', LOAD);
  },
};

export const deliveryFails: Scenario = {
  name: 'delivery fails',
  claim: 'a run whose delivery fails, though no step did, is told as a run',
  files: nightly(shell('mkdir -p "$OUT"; touch "$OUT/of_somebody_else"')),
  async play({ prometheus, project, dev, cron }) {
    await dev();
    expect((await cron({ env: { OUT: project.path('out') } })).code).not.toBe(0);
    await prometheus.fires('PipelineRunFailed', RUN);
    const { run, command } = await prometheus.annotations('PipelineRunFailed');
    expect(command).toBe(`builder_cli status ${run}`);
    await rm(project.path('out'), { recursive: true });
    expect((await cron({ env: { OUT: project.path('elsewhere') } })).code).toBe(0);
    await prometheus.resolves('PipelineRunFailed');
    expect(await prometheus.fired()).not.toContain('PipelineStepFailing');
  },
};

export const flapping: Scenario = {
  name: 'step flaps',
  claim: 'a step that fails three times, and succeeds in between, flaps',
  files: nightly(shell('exit "$CODE"')),
  async play({ prometheus, dev, cron }) {
    await dev();
    for (const CODE of ['0', '7', '0', '7', '0', '7']) {
      await cron({ env: { CODE } });
      if (CODE === '7') await prometheus.fires('PipelineStepFailing', LOAD);
      else await prometheus.resolves('PipelineStepFailing');
    }
    await prometheus.fires('PipelineStepFlapping', LOAD);
  },
};

export const retrying: Scenario = {
  name: 'step needs every attempt',
  claim: 'a step that always needs three attempts is told, although every run succeeds',
  files: nightly(shell('test "$BUILDER_ATTEMPT" -gt 2')),
  async play({ prometheus, dev, cron }) {
    await dev();
    for (let n = 0; n < 3; n += 1) expect((await cron()).code).toBe(0);
    await prometheus.fires('PipelineStepRetrying', LOAD);
    expect(await prometheus.fired()).not.toContain('PipelineStepFailing');
  },
};

export const slowWithoutThreshold: Scenario = {
  name: 'slow against its own past',
  claim:
    'a step without a threshold is slow against its own past, and no longer with the next quick run',
  files: nightly(shell('sleep "$TAKES"')),
  async play({ prometheus, dev, cron }) {
    await dev();
    for (let n = 0; n < 6; n += 1) expect((await cron({ env: { TAKES: '0' } })).code).toBe(0);
    await prometheus.becomes('pipeline_step_usual_duration_seconds < bool 2', ['step'], {
      load: 1,
    });
    const slow = cron({ env: { TAKES: '18' } });
    await prometheus.fires('PipelineStepStuck', LOAD);
    expect((await slow).code).toBe(0);
    await prometheus.resolves('PipelineStepStuck');
    await prometheus.fires('PipelineStepSlow', LOAD);
    expect((await cron({ env: { TAKES: '0' } })).code).toBe(0);
    await prometheus.resolves('PipelineStepSlow');
  },
};
