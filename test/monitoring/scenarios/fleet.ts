/** Workers that live long on a Temporal service: restarted, killed, stopped, cut off. */

import { expect } from '@jest/globals';

import { withFleet } from '../harness/fleet.ts';
import { exporterWords, UNTIL_RELEASED } from '../harness/stage.ts';
import { lastOf, RUNNING } from './scenario.ts';

import type { Scenario } from './scenario.ts';

/** What all processes counted together; those that have gone with the last that was seen of them. */
const OUTCOMES = `sum by (job, profile, step, status) (${lastOf('pipeline_step_status_total')}) > 0`;
const ATTEMPTS = `sum by (job, profile, step, result) (${lastOf('pipeline_step_attempts_total')}) > 0`;

const nightly = (profile: string): Record<string, string> => ({
  'jobs/j.yaml': 'job: nightly\nprofile: p\n',
  'profiles/p.yaml': `profile: p${profile}`,
});
const RUN = { job: 'nightly', profile: 'p' };
const LOAD = { ...RUN, step: 'load' };

export const healthy: Scenario = {
  name: 'healthy',
  claim: 'a worker whose runs succeed makes no rule return anything, nor does a port never used',
  ports: 2,
  files: {
    'data.csv': `id\n${Array.from({ length: 40 }, (_, i) => i + 1).join('\n')}\n`,
    'jobs/j.yaml': 'job: nightly\nprofile: p\ninputs: { data: { path: ../data.csv } }\n',
    'profiles/p.yaml': `
profile: p
expected_every: 1h
steps:
  collect: { uses: collect.files, core: true, with: { from: '\${{ inputs.data }}' } }
  clean: { uses: transform.sql, core: true, alert: { p95: 30s }, needs: [collect], with: { sql: select * from collect } }
  check: { uses: check.table, with: { table: clean, checks: [{ unique: [id] }] } }
  pause: { uses: exec.command, needs: [check], alert: { p95: 30s }, with: { shell: 'sleep 1' } }
  export: { uses: export.dataset, needs: [pause], with: { from: clean, formats: [csv] } }
`,
  },
  play: (stage) =>
    withFleet(stage, async ({ worker, call }) => {
      const { prometheus, port, healthyFromNow } = stage;
      await worker({ port });
      expect((await call('out').ended).code).toBe(0);
      await prometheus.becomes('pipeline_run_status_total > 0', ['job', 'status'], {
        'nightly OK': 1,
      });
      await prometheus.catchesUp();
      healthyFromNow();
      expect((await call('out2').ended).code).toBe(0);
      await prometheus.becomes('pipeline_step_status_total > 0', ['step', 'status'], {
        'collect OK': 1,
        'collect CACHED': 1,
        'clean OK': 1,
        'clean CACHED': 1,
        'check OK': 1,
        'check CACHED': 1,
        'pause OK': 2,
        'export OK': 1,
        'export CACHED': 1,
      });
      await prometheus.becomes('count by (job) (up == 1)', ['job'], { builder: 1 });
      await prometheus.catchesUp();
    }),
};

export const workerRestarted: Scenario = {
  name: 'worker restarted between runs',
  claim: 'a worker restarted between two failing runs loses no count, and its alert outlives it',
  files: nightly(`
steps:
  load: { uses: exec.command, retry: { attempts: 1 }, with: { shell: 'exit 7' } }
`),
  play: (stage) =>
    withFleet(stage, async ({ worker, call }) => {
      const { prometheus, port } = stage;
      const failures = 'pipeline_step_status_total{step="load",status="FAIL"}';
      const first = await worker({ port });
      await prometheus.becomes('count(pipeline_build_info)', [], { '': 1 });
      expect((await call('out').ended).code).toBe(1);
      await prometheus.becomes(failures, ['job', 'status'], { 'nightly FAIL': 1 });
      await prometheus.fires('PipelineStepFailing', LOAD);
      first.kill('SIGTERM');
      await first.ended;
      await prometheus.becomes(failures, ['job', 'status'], {});
      await prometheus.fires('PipelineStepFailing', LOAD);

      await worker({ port });
      await prometheus.becomes('count(pipeline_build_info)', [], { '': 1 });
      expect((await call('out').ended).code).toBe(1);
      // On the same host and port it goes on from what the first one counted.
      await prometheus.becomes(failures, ['job', 'status'], { 'nightly FAIL': 2 });
      await prometheus.becomes('pipeline_run_status_total{status="FAIL"}', ['job'], { nightly: 2 });
      await prometheus.fires('PipelineStepFailing', LOAD);
    }),
};

export const workerKilled: Scenario = {
  name: 'worker killed in mid-step',
  claim: 'a worker killed with -9 in mid-step is one lost attempt, and the step one outcome',
  ports: 2,
  files: nightly(`
defaults: { heartbeat: 3s, retry: { attempts: 1 } }
steps:
  load: { uses: exec.command, with: { shell: '${UNTIL_RELEASED}', pass_env: [GO] } }
  use: { uses: exec.command, needs: [load], with: { shell: 'true' } }
`),
  play: (stage) =>
    withFleet(stage, async ({ worker, call }) => {
      const { prometheus, port, otherPort } = stage;
      const first = await worker({ port });
      const called = call('out');
      await prometheus.becomes(RUNNING, ['step'], {
        load: 1,
      });
      first.kill('SIGKILL');
      await first.ended;
      await stage.release();
      await worker({ port: otherPort });
      expect((await called.ended).code).toBe(0);
      await prometheus.becomes(ATTEMPTS, ['step', 'result'], {
        'load lost': 1,
      });
      await prometheus.becomes(OUTCOMES, ['job', 'profile', 'step', 'status'], {
        'nightly p load OK': 1,
        'nightly p use OK': 1,
      });
      await prometheus.fires('PipelineWorkerLost', LOAD);
      await prometheus.fires('PipelineTargetDown', { instance: `127.0.0.1:${port}` });
      await prometheus.becomes('count(pipeline_step_running_seconds)', [], {});
    }),
};

export const timeoutByServer: Scenario = {
  name: 'timeout decided by the server',
  claim: 'a step whose worker cannot end it is one timeout, however late that worker wakes up',
  ports: 2,
  files: nightly(`
defaults: { heartbeat: 10m, retry: { attempts: 1 } }
steps:
  load: { uses: exec.command, timeout: 10s, with: { shell: 'sleep 60' } }
  use: { uses: exec.command, needs: [load], with: { shell: 'true' } }
`),
  play: (stage) =>
    withFleet(stage, async ({ worker, call }) => {
      const { prometheus, port, otherPort } = stage;
      const stopped = await worker({ port });
      const called = call('out');
      await prometheus.becomes(RUNNING, ['step'], {
        load: 1,
      });
      stopped.kill('SIGSTOP');
      await worker({ port: otherPort });
      expect((await called.ended).code).toBe(1);
      const once = { 'nightly load TIMEOUT': 1, 'nightly use SKIPPED': 1 };
      await prometheus.becomes(OUTCOMES, ['job', 'step', 'status'], once);
      await prometheus.becomes(ATTEMPTS, ['step', 'result'], { 'load fail': 1 });
      await prometheus.fires('PipelineStepFailing', LOAD);
      await prometheus.fires('PipelineTargetDown', { instance: `127.0.0.1:${port}` });

      stopped.kill('SIGCONT');
      await prometheus.becomes('count(up == 1)', [], { '': 2 });
      await prometheus.becomes('count(pipeline_step_running_seconds)', [], {});
      await prometheus.catchesUp();
      expect(await prometheus.table(OUTCOMES, ['job', 'step', 'status'])).toEqual(once);
      expect(await prometheus.table(ATTEMPTS, ['step', 'result'])).toEqual({ 'load fail': 1 });
    }),
};

export const timeoutByWorker: Scenario = {
  name: 'timeout decided by the worker',
  claim: 'a step that its worker ends at the time limit is one timeout, retries included',
  files: nightly(`
defaults: { retry: { attempts: 2, backoff: 100ms } }
steps:
  load: { uses: exec.command, timeout: 1s, with: { shell: 'sleep 60' } }
`),
  play: (stage) =>
    withFleet(stage, async ({ worker, call }) => {
      const { prometheus, port } = stage;
      await worker({ port });
      expect((await call('out').ended).code).toBe(1);
      await prometheus.becomes('pipeline_step_status_total > 0', ['job', 'step', 'status'], {
        'nightly load TIMEOUT': 1,
      });
      await prometheus.becomes('pipeline_step_attempts_total > 0', ['step', 'result'], {
        'load fail': 2,
      });
      await prometheus.becomes('pipeline_run_status_total > 0', ['status'], { TIMEOUT: 1 });
      await prometheus.fires('PipelineStepFailing', LOAD);
    }),
};

export const serviceAway: Scenario = {
  name: 'service away',
  claim: 'a worker that has lost its service serves metrics, does no work, and says so',
  files: nightly(`
steps:
  load: { uses: exec.command, with: { shell: 'true' } }
`),
  play: (stage) =>
    withFleet(stage, async ({ worker, call, kill }) => {
      const { prometheus, port } = stage;
      await worker({ port });
      expect((await call('out').ended).code).toBe(0);
      kill();
      await prometheus.fires('PipelineWorkerDisconnected', { instance: `127.0.0.1:${port}` });
    }),
};

export const workersDropped: Scenario = {
  name: 'workers dropped from discovery',
  claim: 'workers that die and are dropped from discovery are missed, although no target is down',
  ports: 2,
  files: nightly(`
steps:
  load: { uses: exec.command, with: { shell: 'true' } }
`),
  play: (stage) =>
    withFleet(stage, async ({ worker }) => {
      const { prometheus, port, otherPort } = stage;
      const both = [await worker({ port }), await worker({ port: otherPort })];
      await prometheus.becomes('count(pipeline_exporter_info{mode="long-lived"})', [], { '': 2 });
      await prometheus.discovers([]);
      for (const one of both) one.kill('SIGKILL');
      await prometheus.fires('PipelineWorkersGone', { job: 'builder' });
      await prometheus.resolves('PipelineTargetDown');
      await worker({ port });
      await prometheus.discovers([port]);
      await prometheus.resolves('PipelineWorkersGone');
    }),
};

export const queueUnserved: Scenario = {
  name: 'queue that nobody serves',
  claim: 'a run that waits for a worker for two minutes is told, until one comes',
  ports: 2,
  files: nightly(`
steps:
  load: { uses: exec.command, with: { shell: 'true' } }
`),
  play: (stage) =>
    withFleet(stage, async ({ worker, call }) => {
      const { prometheus, port, otherPort } = stage;
      const waiting = call('out', exporterWords(port));
      const unserved = 'pipeline_queue_unserved_seconds';
      await prometheus.becomes(`${unserved} > bool 60`, ['task_queue'], { builder: 1 });
      await prometheus.fires('PipelineQueueUnserved', { task_queue: 'builder' });
      await worker({ port: otherPort });
      expect((await waiting.ended).code).toBe(0);
      await prometheus.resolves('PipelineQueueUnserved');
    }),
};

const workerAt = (instance: string): string =>
  `pipeline_exporter_info{job="builder",instance="${instance}",mode="long-lived"}`;

export const workerMissing: Scenario = {
  name: 'fewer workers than an hour ago',
  claim: 'one worker, where there were two an hour ago, is told until there are two',
  ports: 2,
  past: [workerAt('one:9099'), workerAt('two:9099')],
  files: nightly(`
steps:
  load: { uses: exec.command, with: { shell: 'true' } }
`),
  play: (stage) =>
    withFleet(stage, async ({ worker }) => {
      const { prometheus, port, otherPort } = stage;
      await worker({ port });
      await prometheus.fires('PipelineWorkerMissing', { job: 'builder' });
      await worker({ port: otherPort });
      await prometheus.resolves('PipelineWorkerMissing');
    }),
};
