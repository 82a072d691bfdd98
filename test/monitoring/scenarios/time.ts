/** Steps that are slow, hang or do not come. */

import { expect } from '@jest/globals';

import { UNTIL_RELEASED } from '../harness/stage.ts';
import { lastOf, SUGGESTED } from './scenario.ts';

import type { Scenario } from './scenario.ts';

const job = (name: string): string => `job: ${name}\nprofile: p\n`;

export const slowStep: Scenario = {
  name: 'step slow and stuck',
  claim:
    'a step above its threshold is stuck while it runs, slow once it has run, and only that step',
  files: {
    'jobs/j.yaml': job('nightly'),
    'profiles/p.yaml': `
profile: p
steps:
  slow: { uses: exec.command, alert: { p95: 1s }, with: { shell: '${UNTIL_RELEASED}', pass_env: [GO] } }
  quick: { uses: exec.command, alert: { p95: 30s }, with: { shell: 'sleep 1' } }
`,
  },
  async play({ prometheus, start, release }) {
    const slow = { job: 'nightly', profile: 'p', step: 'slow' };
    const running = start();
    await prometheus.fires('PipelineStepStuck', slow);
    await release();
    expect((await running.ended).code).toBe(0);
    await prometheus.resolves('PipelineStepStuck');
    await prometheus.fires('PipelineStepSlow', slow);
    await prometheus.fires('PipelineStepLatencyRegression', slow);
    const p95 = await prometheus.table(SUGGESTED.p95, ['profile', 'step']);
    const [last] = await prometheus.query(
      lastOf('pipeline_step_last_duration_seconds{step="slow"}'),
    );
    // One bucket is all that a quantile of one execution knows: none is wider than 12 times its beginning.
    expect(p95['p slow']).toBeGreaterThan((last?.value ?? Number.NaN) / 12);
    expect(p95['p slow']).toBeLessThan((last?.value ?? Number.NaN) * 12);
    const alerts =
      'count by (step) (max_over_time(ALERTS{alertname=~"PipelineStep(Slow|Stuck|LatencyRegression)"}[5m]))';
    expect(Object.keys(await prometheus.table(alerts, ['step']))).toEqual(['slow']);
  },
};

export const staleJob: Scenario = {
  name: 'two jobs on one profile, one stale',
  claim: 'of two jobs on one profile the one that no longer completes is named, the other is not',
  files: {
    'jobs/a.yaml': job('fresh'),
    'jobs/b.yaml': job('stale'),
    'profiles/p.yaml': `
profile: p
expected_every: 30s
steps:
  load: { uses: exec.command, core: true, with: { shell: 'true' } }
  note: { uses: exec.command, with: { shell: 'true' } }
`,
  },
  async play({ prometheus, dev, cron }) {
    await dev();
    const fresh = () => cron({ job: 'jobs/a.yaml', out: 'a' });
    expect((await cron({ job: 'jobs/b.yaml', out: 'b' })).code).toBe(0);
    const overdue = 'ALERTS{alertname="PipelineRunOverdue",alertstate="firing"}';
    while (!('stale' in (await prometheus.table(overdue, ['job'])))) {
      expect((await fresh()).code).toBe(0);
    }
    await prometheus.fires('PipelineCoreStepNoData', { job: 'stale', profile: 'p', step: 'load' });
    await prometheus.fires('PipelineRunOverdue', { job: 'stale', profile: 'p' });
    expect(
      await prometheus.table(`count by (job) (max_over_time(${overdue}[5m]))`, ['job']),
    ).toEqual({ stale: 1 });
    const missing =
      'max_over_time(ALERTS{alertname="PipelineCoreStepNoData",alertstate="firing"}[5m])';
    expect(await prometheus.table(missing, ['job', 'profile', 'step'])).toEqual({
      'stale p load': 1,
    });
  },
};
