/** Metrics that cannot be recorded. */

import { rename, writeFile } from 'node:fs/promises';

import { expect } from '@jest/globals';

import { openStoreJournal } from '../../../src/store/local.ts';
import { UNTIL_RELEASED } from '../harness/stage.ts';
import { lastOf } from './scenario.ts';

import type { Scenario } from './scenario.ts';

export const brokenStore: Scenario = {
  name: 'facts cannot be stored',
  claim:
    'when nothing can be written down any more, the run fails, counts all the same, and says that figures may be wrong',
  files: {
    'jobs/j.yaml': 'job: nightly\nprofile: p\n',
    'profiles/p.yaml': `
profile: p
steps:
  first: { uses: exec.command, with: { shell: '${UNTIL_RELEASED}', pass_env: [GO] } }
  second: { uses: exec.command, needs: [first], with: { shell: 'true' } }
`,
  },
  async play({ prometheus, project, start, release }) {
    const running = start();
    await prometheus.becomes('pipeline_step_running_seconds >= bool 0', ['step'], {
      first: 1,
    });
    // What is open goes on being written, so it is ended first: the next part cannot be made.
    await openStoreJournal(project.path('.builder/store')).compact();
    const journal = project.path('.builder/store/journal');
    await rename(journal, `${journal}-away`);
    await writeFile(journal, 'a file where a folder should be');
    await release();
    expect((await running.ended).code).not.toBe(0);
    const errors = lastOf('pipeline_metrics_errors_total{reason="claim"}');
    await prometheus.becomes(`${errors} > bool 0`, ['reason'], { claim: 1 });
    await prometheus.becomes(
      `${lastOf('pipeline_step_status_total{status=~"FAIL|SKIPPED"}')} > 0`,
      ['step', 'status'],
      { 'first FAIL': 1, 'second SKIPPED': 1 },
    );
    await prometheus.fires('PipelineMetricsErrors', { reason: 'claim' });
  },
};

const STEPS = 600;

export const seriesLimit: Scenario = {
  name: 'series limit',
  claim:
    'more steps than the series bound allows cost no run: what is missing is counted and alerted on',
  files: {
    'jobs/first.yaml':
      'job: first\nprofile: p\nparams: { full: { type: boolean, default: false } }\n',
    'jobs/j.yaml': 'job: wide\nprofile: p\nparams: { full: { type: boolean, default: false } }\n',
    'profiles/p.yaml': [
      'profile: p',
      'steps:',
      '  load: { uses: exec.command, with: { shell: sleep 2 } }',
      ...Array.from(
        { length: STEPS - 1 },
        (_, n) =>
          `  s${n}: { uses: transform.sql, when: '\${{ params.full }}', with: { sql: select ${n} as n } }`,
      ),
      '',
    ].join('\n'),
  },
  async play({ prometheus, run }) {
    // One plan of the largest size fits; two of them do not, though hardly a step is executed.
    expect((await run({ job: 'jobs/first.yaml', out: 'first' })).code).toBe(0);
    expect((await run()).code).toBe(0);
    await prometheus.fires('PipelineSeriesLimit');
    const ours = 'count({__name__=~"pipeline_[a-z].*", instance!="", __name__!~"pipeline:.*"})';
    const [most] = await prometheus.query(`max_over_time(${ours}[5m:1s])`);
    expect(most?.value).toBeGreaterThan(15_000);
    expect(most?.value).toBeLessThanOrEqual(30_000);
  },
};
