/** Steps that are many: the items of a foreach, and a profile that is a step. */

import { expect } from '@jest/globals';

import { lastOf } from './scenario.ts';

import type { Scenario } from './scenario.ts';

const TWENTY = Array.from({ length: 20 }, (_, n) => n).join(', ');
const OF_STEPS = 'ALERTS{alertname="PipelineStepFailing",alertstate="firing"}';

export const manyItemsFail: Scenario = {
  name: 'many items of a step fail',
  claim:
    'twelve items of twenty fail: each is counted, the step is told once, until they are mended',
  files: {
    'jobs/j.yaml': 'job: shops\nprofile: p\n',
    'profiles/p.yaml': `
profile: p
defaults: { retry: { attempts: 1 } }
steps:
  score:
    uses: exec.command
    foreach: { in: [${TWENTY}] }
    with: { command: [sh, -c, 'test "$0" -lt "$GOOD"', '\${{ item }}'], pass_env: [GOOD] }
`,
  },
  async play({ prometheus, dev, cron }) {
    await dev();
    // The counters of a job begin with its first run.
    expect((await cron({ env: { GOOD: '20' } })).code).toBe(0);
    const items = `${lastOf('pipeline_step_items_total')} > 0`;
    await prometheus.becomes(items, ['step', 'status'], { 'score OK': 20 });
    expect((await cron({ env: { GOOD: '8' } })).code).toBe(1);
    await prometheus.becomes(items, ['step', 'status'], { 'score OK': 28, 'score FAIL': 12 });
    await prometheus.fires('PipelineStepFailing', { job: 'shops', profile: 'p', step: 'score' });
    expect(await prometheus.table(OF_STEPS, ['job', 'step'])).toEqual({ 'shops score': 1 });
    expect((await cron({ env: { GOOD: '20' } })).code).toBe(0);
    await prometheus.resolves('PipelineStepFailing');
  },
};

export const nestedFails: Scenario = {
  name: 'a step of a nested profile fails',
  claim:
    'a step that is a profile is told, not the one in it that failed; nothing where it may fail',
  files: {
    'jobs/j.yaml': 'job: north\nprofile: p\n',
    'jobs/k.yaml': 'job: south\nprofile: q\n',
    'profiles/p.yaml': 'profile: p\nsteps:\n  in: { uses: profile, with: { profile: inner } }\n',
    'profiles/q.yaml':
      'profile: q\nsteps:\n  in: { uses: profile, allow_failure: true, with: { profile: inner } }\n',
    'profiles/inner.yaml': `
profile: inner
defaults: { retry: { attempts: 1 } }
steps:
  deep: { uses: exec.command, with: { shell: 'echo "no such shop" >&2; exit "$CODE"', pass_env: [CODE] } }
`,
  },
  async play({ prometheus, project, dev, cron }) {
    await dev();
    const fails = { env: { CODE: '7' } };
    expect((await cron({ job: 'jobs/k.yaml', out: 'k', ...fails })).code).toBe(0);
    expect((await cron(fails)).code).toBe(1);
    await prometheus.fires('PipelineStepFailing', { job: 'north', profile: 'p', step: 'in' });
    await prometheus.catchesUp();
    expect(await prometheus.table(OF_STEPS, ['job', 'profile', 'step'])).toEqual({
      'north p in': 1,
    });
    // What the alert says to type shows why.
    const { command = '' } = await prometheus.annotations('PipelineStepFailing');
    const { code, stdout } = await project.run(command.split(' ').slice(1));
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^in\/deep {2}.*no such shop/m)]);
    expect((await cron({ env: { CODE: '0' } })).code).toBe(0);
    await prometheus.resolves('PipelineStepFailing');
  },
};
