/** Every way a step can end, and what the data itself can do to a run. */

import { expect } from '@jest/globals';

import { ATTEMPTS, lastOf, OUTCOMES, RUNS } from './scenario.ts';

import type { Scenario } from './scenario.ts';

export const allStatuses: Scenario = {
  name: 'all statuses',
  claim: 'each of the eight statuses is counted once, under its own job, profile and step',
  files: {
    'data.csv': 'id\n1\n2\n',
    'jobs/j.yaml': 'job: mixed\nprofile: mixed\ninputs: { data: { path: ../data.csv } }\n',
    'jobs/b.yaml': 'job: budgeted\nprofile: long\nbudgets: { wall: 2s }\n',
    'jobs/c.yaml': 'job: stopped\nprofile: long\n',
    'profiles/mixed.yaml': `
profile: mixed
defaults: { retry: { attempts: 1 } }
steps:
  copy: { uses: collect.files, with: { from: '\${{ inputs.data }}' } }
  warned: { uses: exec.command, with: { shell: 'exit 3', exit_codes: { '3': warn } } }
  bad: { uses: exec.command, with: { shell: 'exit 7' } }
  slow: { uses: exec.command, timeout: 1s, with: { shell: 'sleep 30' } }
  after_bad: { uses: exec.command, needs: [bad], with: { shell: 'true' } }
`,
    'profiles/long.yaml': `
profile: long
steps:
  long: { uses: exec.command, with: { shell: 'sleep 300' } }
`,
  },
  async play({ prometheus, start, run }) {
    expect((await run()).code).toBe(1);
    expect((await run({ out: 'again' })).code).toBe(1);
    expect((await run({ job: 'jobs/b.yaml', out: 'b' })).code).toBe(4);
    const stopped = start({ job: 'jobs/c.yaml', out: 'c' });
    const runs = 'pipeline_step_running_seconds{job="stopped"} >= bool 0';
    await prometheus.becomes(runs, ['step'], { long: 1 });
    stopped.kill('SIGINT');
    await stopped.ended;

    const twice = {
      'mixed mixed warned WARN': 2,
      'mixed mixed bad FAIL': 2,
      'mixed mixed slow TIMEOUT': 2,
      'mixed mixed after_bad SKIPPED': 2,
    };
    await prometheus.becomes(OUTCOMES, ['job', 'profile', 'step', 'status'], {
      ...twice,
      'mixed mixed copy OK': 1,
      'mixed mixed copy CACHED': 1,
      'budgeted long long BUDGET_EXCEEDED': 1,
      'stopped long long CANCELLED': 1,
    });
    await prometheus.becomes(ATTEMPTS, ['job', 'step', 'result'], {
      'mixed bad fail': 2,
      'mixed slow fail': 2,
    });
    await prometheus.becomes(RUNS, ['job', 'status'], {
      'mixed FAIL': 2,
      'budgeted BUDGET_EXCEEDED': 1,
      'stopped CANCELLED': 1,
    });
    const failed = `${lastOf('pipeline_step_failed_timestamp_seconds')} > bool 0`;
    await prometheus.becomes(failed, ['job', 'step'], {
      'mixed bad': 1,
      'mixed slow': 1,
      'budgeted long': 1,
    });
    for (const labels of [
      { job: 'mixed', profile: 'mixed', step: 'bad' },
      { job: 'mixed', profile: 'mixed', step: 'slow' },
      { job: 'budgeted', profile: 'long', step: 'long' },
    ]) {
      await prometheus.fires('PipelineStepFailing', labels);
    }
    const failing = await prometheus.table(
      'ALERTS{alertname="PipelineStepFailing",alertstate="firing"}',
      ['job', 'step'],
    );
    expect(Object.keys(failing)).toEqual(['budgeted long', 'mixed bad', 'mixed slow']);
  },
};

const CHECKED = {
  'jobs/j.yaml': 'job: shop\nprofile: p\ninputs: { orders: { path: ../orders.csv } }\n',
  'profiles/p.yaml': `
profile: p
steps:
  collect: { uses: collect.files, with: { from: '\${{ inputs.orders }}', types: { id: BIGINT, sum: BIGINT } } }
  orders: { uses: transform.sql, needs: [collect], with: { sql: select * from collect order by id } }
  check:
    uses: check.table
    with:
      table: orders
      checks:
        - { name: one_each, unique: [id] }
        - { name: paid, severity: warn, range: { column: sum, min: 0 } }
  export: { uses: export.dataset, needs: [check], with: { from: orders, formats: [csv] } }
`,
};
const CHECK = { job: 'shop', profile: 'p', step: 'check' };

/** A table of `rows` orders; some with a negative sum, some twice. */
function orders(rows: number, { unpaid = 0, twice = 0 } = {}): string {
  const lines = Array.from({ length: rows }, (_, i) => `${i + 1},${i < unpaid ? -1 : 5}`);
  return ['id,sum', ...lines, ...lines.slice(0, twice), ''].join('\n');
}

const FAILED_CHECKS = `${lastOf('pipeline_check_failures_total')} > 0`;

export const checkWarns: Scenario = {
  name: 'check of severity warn fails',
  claim: 'a broken check of severity warn is counted, and alerts although the run is well',
  files: { ...CHECKED, 'orders.csv': orders(40) },
  async play({ prometheus, project, dev, cron }) {
    await dev();
    expect((await cron()).code).toBe(0);
    await prometheus.becomes('pipeline_check_failures_total{step="check"}', ['step'], { check: 0 });
    await project.write({ 'orders.csv': orders(40, { unpaid: 2 }) });
    expect((await cron()).code).toBe(0);
    await prometheus.becomes(FAILED_CHECKS, ['step'], { check: 1 });
    await prometheus.fires('PipelineCheckFailing', CHECK);
    expect(await prometheus.fired()).not.toContain('PipelineStepFailing');
  },
};

export const checkFails: Scenario = {
  name: 'check of severity fail fails',
  claim: 'broken checks of severity fail are counted as well, and fail their step until they hold',
  files: { ...CHECKED, 'orders.csv': orders(40, { twice: 3, unpaid: 2 }) },
  async play({ prometheus, project, run }) {
    expect((await run()).code).toBe(4);
    await prometheus.becomes(OUTCOMES, ['step', 'status'], {
      'collect OK': 1,
      'orders OK': 1,
      'check FAIL': 1,
      'export SKIPPED': 1,
    });
    await prometheus.fires('PipelineStepFailing', CHECK);
    await prometheus.becomes(FAILED_CHECKS, ['step'], { check: 2 });
    await project.write({ 'orders.csv': orders(40) });
    expect((await run()).code).toBe(0);
    await prometheus.resolves('PipelineStepFailing', CHECK);
  },
};
