/** Short commands that come and go, as cron starts them, and what is adverse about that. */

import { rm } from 'node:fs/promises';

import { expect } from '@jest/globals';

import { exporterWords, releaseEnv, UNTIL_RELEASED } from '../harness/stage.ts';
import { ATTEMPTS, lastOf, OUTCOMES, RUNNING, RUNS, SUGGESTED } from './scenario.ts';

import type { Scenario } from './scenario.ts';

/** One step that ends with $CODE, and one that needs it. */
const TWO_STEPS = {
  'jobs/j.yaml': 'job: nightly\nprofile: p\n',
  'profiles/p.yaml': `
profile: p
defaults: { retry: { attempts: 1 } }
steps:
  load:
    uses: exec.command
    core: true
    with: { shell: '${UNTIL_RELEASED}; exit "$CODE"', pass_env: [CODE, GO] }
  use: { uses: exec.command, needs: [load], with: { shell: 'true' } }
`,
};
const RUN = { job: 'nightly', profile: 'p' };
const LOAD = { ...RUN, step: 'load' };

const fails = { env: { CODE: '7' } };
const succeeds = { env: { CODE: '0' } };

export const firstFailureEver: Scenario = {
  name: 'first failure ever',
  claim: 'the first run ever fails: counted, alerted on until the next success, and no longer',
  files: TWO_STEPS,
  async play({ prometheus, start, run, release }) {
    const first = start(fails);
    // The failure comes after a scrape that saw 0; the next scenario has it before.
    await prometheus.becomes('pipeline_step_status_total{status="FAIL"}', ['step'], {
      load: 0,
      use: 0,
    });
    await release();
    expect((await first.ended).code).toBe(1);
    await prometheus.becomes(OUTCOMES, ['step', 'status'], { 'load FAIL': 1, 'use SKIPPED': 1 });
    await prometheus.becomes(RUNS, ['job', 'profile', 'status'], { 'nightly p FAIL': 1 });
    const suggested = await prometheus.table(SUGGESTED.failing, ['job', 'profile', 'step']);
    expect(suggested).toEqual({ 'nightly p load': expect.any(Number) });
    await prometheus.fires('PipelineStepFailedRecently', LOAD);
    await prometheus.fires('PipelineStepFailing', LOAD);

    expect((await run(succeeds)).code).toBe(0);
    await prometheus.resolves('PipelineStepFailing', LOAD);
  },
};

export const failureBeforeTheFirstScrape: Scenario = {
  name: 'failure before the first scrape',
  claim: 'a failure that no scrape saw is known and alerted on from the next run on',
  files: TWO_STEPS,
  async before({ project, run, release }) {
    await release();
    expect((await run({ ...fails, linger: '0' })).code).toBe(1);
    await rm(project.path('go'));
  },
  async play({ prometheus, start, run, release }) {
    const second = start(fails);
    await prometheus.becomes('pipeline_step_status_total > 0', ['step', 'status'], {
      'load FAIL': 1,
      'use SKIPPED': 1,
    });
    await prometheus.fires('PipelineStepFailing', LOAD);
    await release();
    expect((await second.ended).code).toBe(1);
    await prometheus.becomes(OUTCOMES, ['step', 'status'], { 'load FAIL': 2, 'use SKIPPED': 2 });
    await run(succeeds);
    await prometheus.resolves('PipelineStepFailing', LOAD);
  },
};

export const twoFailuresInARow: Scenario = {
  name: 'two failures in a row',
  claim: 'two identical failing runs are one and two in Prometheus, never one and one',
  files: TWO_STEPS,
  async play({ prometheus, run, release }) {
    await release();
    await run(fails);
    const sinceS = Date.now() / 1000;
    await prometheus.becomes(OUTCOMES, ['step', 'status'], { 'load FAIL': 1, 'use SKIPPED': 1 });
    await prometheus.fires('PipelineStepFailing', LOAD);
    // Somebody scraped this port in the last run, so this one waits for a last scrape without being told.
    await run({ ...fails, linger: 'auto' });
    await prometheus.becomes(OUTCOMES, ['step', 'status'], { 'load FAIL': 2, 'use SKIPPED': 2 });
    const failures = 'pipeline_step_status_total{step="load",status="FAIL"}';
    const [seen] = await prometheus.range(lastOf(failures), sinceS, Date.now() / 1000 + 1);
    expect([...new Set(seen?.values)]).toEqual([1, 2]);
    await prometheus.becomes(ATTEMPTS, ['step', 'result'], { 'load fail': 2 });
    await prometheus.fires('PipelineStepFailing', LOAD);
    expect(await prometheus.table(SUGGESTED.failing, ['job', 'step'])).toEqual({
      'nightly load': expect.any(Number),
    });
  },
};

export const retryThenSuccess: Scenario = {
  name: 'retry, then success',
  claim: 'a retry that succeeds is one failed and one good attempt, one outcome, and no alert',
  files: {
    'jobs/j.yaml': 'job: nightly\nprofile: p\n',
    'profiles/p.yaml': `
profile: p
steps:
  load:
    uses: exec.command
    retry: { attempts: 3, backoff: 1s }
    with: { shell: 'sleep 1; test "$BUILDER_ATTEMPT" -gt 1' }
`,
  },
  async play({ prometheus, run }) {
    const sinceS = Date.now() / 1000;
    expect((await run()).code).toBe(0);
    await prometheus.becomes(ATTEMPTS, ['step', 'result'], { 'load fail': 1 });
    await prometheus.becomes(OUTCOMES, ['step', 'status'], { 'load OK': 1 });
    await prometheus.becomes(lastOf('pipeline_step_duration_seconds_count'), ['step'], { load: 1 });
    await prometheus.catchesUp();
    const fired = await prometheus.fired(sinceS);
    expect(fired.filter((name) => /Step|Run/.test(name) && name !== 'PipelineNoStepData')).toEqual(
      [],
    );
  },
};

export const commandKilled: Scenario = {
  name: 'command killed and resumed',
  claim: 'a command killed in mid-step and resumed counts each outcome once',
  files: {
    'jobs/j.yaml': 'job: nightly\nprofile: p\n',
    'profiles/p.yaml': `
profile: p
steps:
  first: { uses: exec.command, with: { shell: 'true' } }
  second: { uses: exec.command, needs: [first], with: { shell: '${UNTIL_RELEASED}', pass_env: [GO] } }
`,
  },
  async play({ prometheus, project, start, port, release }) {
    const killed = start();
    await killed.says(/first +OK/);
    await prometheus.becomes(RUNNING, ['step'], {
      second: 1,
    });
    killed.kill('SIGKILL');
    await killed.ended;
    await release();
    const resume = ['resume', '--out', 'out', ...exporterWords(port)];
    const { code } = await project.run(resume, releaseEnv(project));
    expect(code).toBe(0);
    await prometheus.becomes(OUTCOMES, ['step', 'status'], { 'first OK': 1, 'second OK': 1 });
    await prometheus.becomes(RUNS, ['job', 'status'], { 'nightly OK': 1 });
    await prometheus.becomes('count(pipeline_step_running_seconds)', [], {});
  },
};

export const cancelled: Scenario = {
  name: 'run cancelled',
  claim: 'a cancelled run is counted as that, step by step, and alerts nobody',
  files: {
    'jobs/j.yaml': 'job: nightly\nprofile: p\n',
    'profiles/p.yaml': `
profile: p
steps:
  long: { uses: exec.command, with: { shell: 'sleep 300' } }
  later: { uses: exec.command, needs: [long], with: { shell: 'true' } }
`,
  },
  async play({ prometheus, start }) {
    const running = start();
    await prometheus.becomes(RUNNING, ['step'], {
      long: 1,
    });
    const sinceS = Date.now() / 1000;
    running.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    await prometheus.becomes(OUTCOMES, ['step', 'status'], {
      'long CANCELLED': 1,
      'later CANCELLED': 1,
    });
    await prometheus.becomes(RUNS, ['job', 'status'], { 'nightly CANCELLED': 1 });
    await prometheus.catchesUp();
    const fired = await prometheus.fired(sinceS);
    expect(fired.filter((name) => /Failing|Failed|Lost/.test(name))).toEqual([]);
  },
};

export const stepTakenOut: Scenario = {
  name: 'failing step taken out of its profile',
  claim:
    'a step that failed and is then taken out of its profile alerts no more, nor does its setting',
  files: TWO_STEPS,
  async play({ prometheus, project, run, release }) {
    await release();
    expect((await run(fails)).code).toBe(1);
    await prometheus.fires('PipelineStepFailing', LOAD);
    await project.write({
      'profiles/p.yaml':
        "profile: p\nsteps:\n  use: { uses: exec.command, with: { shell: 'true' } }\n",
    });
    expect((await run()).code).toBe(0);
    await prometheus.resolves('PipelineStepFailing', LOAD);
    const settings = lastOf('pipeline_profile_step_timeout_seconds');
    await prometheus.becomes(`count by (step) (${settings.replace('10m', '2s')})`, ['step'], {});
  },
};

export const commandFrozen: Scenario = {
  name: 'command frozen',
  claim: 'a command that is stopped in mid-run is told from one that has ended, until it goes on',
  files: {
    'jobs/j.yaml': 'job: nightly\nprofile: p\n',
    'profiles/p.yaml': `
profile: p
steps:
  load: { uses: exec.command, with: { shell: '${UNTIL_RELEASED}', pass_env: [GO] } }
`,
  },
  async play({ prometheus, start, release, port }) {
    const frozen = start();
    await prometheus.becomes(RUNNING, ['step'], { load: 1 });
    frozen.kill('SIGSTOP');
    const command = { job: 'nightly', profile: 'p', instance: `127.0.0.1:${port}` };
    await prometheus.fires('PipelineCommandFrozen', command);
    frozen.kill('SIGCONT');
    await prometheus.resolves('PipelineCommandFrozen', command);
    await release();
    expect((await frozen.ended).code).toBe(0);
    await prometheus.catchesUp();
    expect(await prometheus.fired(Date.now() / 1000 - 2)).not.toContain('PipelineTargetDown');
  },
};
