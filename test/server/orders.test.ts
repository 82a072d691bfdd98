import { access, readdir, readFile, readlink } from 'node:fs/promises';

import { describe, expect, test } from '@jest/globals';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';

import { freePort, scrape, until, withProject } from '../harness/cli.ts';

import type { WorkflowHandle } from '@temporalio/client';
import type { Project, Running } from '../harness/cli.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { StepInput } from '../../src/model/step-result.ts';

const FILES = {
  'jobs/j.yaml': 'job: mine\n',
  'profiles/p.yaml': `
profile: p
steps:
  first: { uses: exec.command, with: { shell: 'echo a > t.csv; echo 1 >> t.csv', outputs: { table: { path: t.csv } } } }
  long:
    uses: exec.command
    needs: [first]
    with: { shell: 'echo run >> "$MARK"; while [ ! -e "$GO" ]; do sleep 0.05; done', pass_env: [MARK, GO] }
  copy: { uses: export.dataset, needs: [long], with: { from: first, formats: [csv] } }
`,
};
/** In clear, as a stranger who could read it all. */
const CLEAR = '--clear-payloads';
const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out', CLEAR];

/** What any program of this machine can do with an engine whose port it knows. */
type Stranger = {
  readonly client: Client;
  readonly runId: string;
  /** The plan of the run that is going on, as its history shows it. */
  readonly plan: Plan;
  /** The one that its worker serves. */
  readonly taskQueue: string;
};

/** Hands over once the long step works. */
async function asStranger(
  project: Project,
  running: Running,
  work: (stranger: Stranger) => Promise<void>,
): Promise<void> {
  const [, address] = await running.says(/at (127\.0\.0\.1:\d+), namespace/);
  await until(
    async () => (await readFile(project.path('mark'), 'utf8').catch(() => '')) !== '',
    'the long step works',
  );
  const [runId = ''] = await readdir(project.path('.builder/runs'));
  const connection = await Connection.connect({ address: address! });
  try {
    const client = new Client({ connection });
    const history = await client.workflow.getHandle(runId).fetchHistory();
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    const plan: Plan = defaultPayloadConverter.fromPayload(started!.input!.payloads![0]!);
    await work({ client, runId, plan, taskQueue: started!.taskQueue!.name! });
  } finally {
    await connection.close();
  }
}

/** Shows what becomes of the steps of a plan that somebody else starts. */
async function codesOf(
  { client, taskQueue }: Stranger,
  plan: Plan,
  workflowId: string,
): Promise<readonly unknown[]> {
  const handle: WorkflowHandle = await client.workflow.start('runProfile', {
    args: [plan],
    workflowId,
    taskQueue,
    // Where it is executed after all, the test fails instead of waiting for ever.
    workflowExecutionTimeout: '20s',
  });
  const failed: unknown = await handle.result().catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(WorkflowFailedError);
  const { details } = (failed as WorkflowFailedError).cause as { details?: readonly unknown[] };
  const { outcomes } = (details?.[0] ?? { outcomes: [] }) as {
    outcomes: readonly { status: string; code?: string }[];
  };
  return outcomes.flatMap(({ status, code }) => (status === 'SKIPPED' ? [] : [code]));
}

/** The plan with other commands in its steps. */
function withCommand(plan: Plan, shell: string): Plan {
  return {
    ...plan,
    steps: plan.steps.map((step) =>
      step.kind === 'exec.command' ? { ...step, options: { shell } } : step,
    ),
  };
}

test('nobody but the command has its worker do anything; its own run, metrics and files are as if nobody tried', () =>
  withProject(FILES, async (project) => {
    const env = { MARK: project.path('mark'), GO: project.path('go') };
    const port = await freePort();
    const running = project.start(
      [
        ...RUN,
        '--prometheus-port',
        String(port),
        '--prometheus-address',
        '127.0.0.1',
        '--linger',
        '60',
      ],
      env,
    );
    await asStranger(project, running, async (stranger) => {
      const { client, runId, plan } = stranger;
      const pwned = project.path('pwned');
      const changed = withCommand(plan, `touch ${pwned}`);
      const refused = ['NOT_ORDERED'];
      expect(await codesOf(stranger, changed, 'changed')).toEqual(refused);
      const renamed = { ...changed, job: 'theirs', run: { ...changed.run, id: 'renamed' } };
      expect(await codesOf(stranger, renamed, 'renamed')).toEqual(refused);
      const untagged = { ...plan, run: { ...plan.run, tags: undefined } };
      expect(await codesOf(stranger, untagged as unknown as Plan, 'untagged')).toEqual(refused);
      // The very order of the command, tags and all, given a second time.
      expect(await codesOf(stranger, plan, 'again')).toEqual(refused);

      const { id, generation, date } = plan.run;
      const [step] = plan.steps;
      const input: StepInput = {
        run: { id, generation, job: plan.job, profile: plan.profile, date, previousRows: {} },
        step: step!,
        attempt: 1,
        concurrency: plan.concurrency,
        inputs: {},
        tag: plan.run.tags!.steps[step!.id]!,
      };
      const alone = {
        namespace: 'default',
        activityId: 'alone',
      };
      await client.workflowService.startActivityExecution({
        ...alone,
        requestId: 'alone',
        activityType: { name: 'exec.command' },
        taskQueue: { name: runId },
        startToCloseTimeout: { seconds: 30 as never },
        input: { payloads: [defaultPayloadConverter.toPayload(input)] },
      });
      const outcome = await until(async () => {
        const answer = await client.workflowService.describeActivityExecution({
          ...alone,
          includeOutcome: true,
        });
        return answer.outcome ?? undefined;
      }, 'the activity on its own has ended');
      expect(outcome.failure?.applicationFailureInfo?.type).toBe('NOT_ORDERED');

      await expect(access(pwned)).rejects.toThrow();
      expect(await readdir(project.path('.builder/runs'))).toEqual([runId]);
      const journal = await readFile(project.path('.builder/store/journal/00000001.log'), 'utf8');
      const runs = [...journal.matchAll(/"runId":"([^"]+)"/g)].map(([, found]) => found);
      expect(new Set(runs)).toEqual(new Set([runId]));
    });
    await project.write({ go: '' });
    await running.says(/waiting for a last scrape/);
    const series = await scrape(port);
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([0, expect.stringContaining('3 OK')]);
    expect(stderr.match(/^refused /gm)).toHaveLength(1);
    expect(await readFile(env.MARK, 'utf8')).toBe('run\n');
    await access(project.path('out/first.csv'));
    const outcomes = [...series].filter(
      ([name, value]) =>
        value !== 0 &&
        /^pipeline_(step_status_total|step_duration_seconds_count|run_status_total)/.test(name),
    );
    expect(outcomes.map(([name, value]) => `${name} ${value}`).sort()).toEqual([
      'pipeline_run_status_total{job="mine",profile="p",status="OK"} 1',
      ...['copy', 'first', 'long'].map(
        (step) => `pipeline_step_duration_seconds_count{job="mine",profile="p",step="${step}"} 1`,
      ),
      ...['copy', 'first', 'long'].map(
        (step) => `pipeline_step_status_total{job="mine",profile="p",step="${step}",status="OK"} 1`,
      ),
    ]);
    expect([...series.keys()].filter((name) => name.includes('theirs'))).toEqual([]);
    const log = await readFile(
      project.path(`.builder/runs/${(await readdir(project.path('.builder/runs')))[0]}/worker.log`),
      'utf8',
    );
    expect(log.match(/refused an order/g)).toHaveLength(5);
  }));

test('a run goes on with resume, and an order of its first start is none any more', () =>
  withProject(FILES, async (project) => {
    const env = { MARK: project.path('mark'), GO: project.path('go') };
    const first = project.start(RUN, env);
    let old: Plan | undefined;
    await asStranger(project, first, async ({ plan }) => {
      old = plan;
    });
    first.kill('SIGTERM');
    expect((await first.ended).code).toBe(130);
    await project.write({ mark: '' });
    const second = project.start(['resume', '--out', 'out', CLEAR], env);
    await asStranger(project, second, async (stranger) => {
      expect(stranger.plan.run.generation).toBe(2);
      expect(await codesOf(stranger, old!, 'old')).toEqual(['NOT_ORDERED']);
    });
    await project.write({ go: '' });
    expect((await second.ended).code).toBe(0);
    await access(project.path('out/first.csv'));
  }));

test('a run that somebody terminates is noticed at once, is called so, and goes on with resume', () =>
  withProject(FILES, async (project) => {
    const env = { MARK: project.path('mark'), GO: project.path('go') };
    const running = project.start(RUN, env);
    await asStranger(project, running, async ({ client, runId }) => {
      await client.workflow.getHandle(runId).terminate('\u001b[2Jso there');
      await running.says(/terminated from outside, by no command/);
    });
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([130, expect.stringContaining('resume --out out')]);
    expect(stderr).not.toContain('so there');
    await project.write({ go: '' });
    const resumed = await project.run(['resume', '--out', 'out'], env);
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('3 OK')]);
    await access(project.path('out/first.csv'));
  }));

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('where the ports of a process can be listed', () => {
  test('no port of the engine takes an order that a web page can send', () =>
    withProject(FILES, async (project) => {
      const env = { MARK: project.path('mark'), GO: project.path('go') };
      const running = project.start(RUN, env);
      await asStranger(project, running, async ({ client, runId }) => {
        const servers = project.path('.builder/engine/servers');
        const [name] = await readdir(servers);
        const { pid } = await project.readJson<{ pid: number }>(`.builder/engine/servers/${name}`);
        const answers = await Promise.all(
          (await portsOf(pid)).map((port) =>
            fetch(`http://127.0.0.1:${port}/api/v1/namespaces/default/workflows/page`, {
              method: 'POST',
              headers: { 'content-type': 'text/plain', origin: 'http://page.example' },
              body: JSON.stringify({
                workflowType: { name: 'runProfile' },
                taskQueue: { name: runId },
                requestId: 'page',
              }),
              signal: AbortSignal.timeout(5_000),
            }).then(
              ({ status }) => status,
              () => 'no answer',
            ),
          ),
        );
        expect(answers).toContain(403);
        expect(answers).not.toContain(200);
        await expect(client.workflow.getHandle('page').describe()).rejects.toThrow(/not found/i);
      });
      await project.write({ go: '' });
      expect((await running.ended).code).toBe(0);
    }));
});

/** TCP ports of the loopback on which a process listens. */
async function portsOf(pid: number): Promise<readonly number[]> {
  const names = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(
    names.map(async (name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')),
  );
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n');
  return lines.flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    const isTheirs = state === '0A' && targets.includes(`socket:[${inode}]`);
    return isTheirs ? [Number.parseInt(local!.split(':')[1]!, 16)] : [];
  });
}
