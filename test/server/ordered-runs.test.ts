import { readFile, writeFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';
import { WorkflowFailedError } from '@temporalio/client';

import { until, withProject } from '../harness/cli.ts';
import { withOrders } from '../harness/orders.ts';

import type { StandingOrder } from '../../src/model/standing-order.ts';
import type { Project, Running } from '../harness/cli.ts';

jest.setTimeout(180_000);

const FILES = {
  'jobs/j.yaml': 'job: mine\nprofile: p\n',
  'profiles/p.yaml': `
profile: p
steps:
  first: { uses: exec.command, with: { shell: 'echo first >> "$MARKS"; echo a > t.csv; echo 1 >> t.csv', outputs: { table: { path: t.csv } }, pass_env: [MARKS] } }
  long:
    uses: exec.command
    needs: [first]
    with: { shell: 'echo long >> "$MARKS"; until [ -e "$GO" ]; do sleep 0.05; done', pass_env: [MARKS, GO] }
  copy: { uses: export.dataset, needs: [long], with: { from: first, formats: [csv] } }
`,
};

type Record = {
  readonly run_id: string;
  readonly status: string;
  readonly error?: string;
  readonly ordered_by?: unknown;
};

const recorded = async (project: Project): Promise<readonly Record[]> => {
  const { stdout } = await project.run(['runs', '--json']);
  return (JSON.parse(stdout) as { runs: Record[] }).runs;
};

const envOf = (project: Project) => ({ MARKS: project.path('marks'), GO: project.path('go') });
const marks = async (project: Project): Promise<string> =>
  readFile(project.path('marks'), 'utf8').catch(() => '');

async function serving(project: Project): Promise<Running> {
  const process = project.start(['dev'], envOf(project));
  await process.says(/steps at once/);
  return process;
}

const orderOf = (project: Project): StandingOrder => ({
  by: 'schedule',
  id: 'nightly',
  job: project.path('jobs/j.yaml'),
  out: project.path('out'),
});

test('a process that is killed in the middle of an ordered run leaves it to the next, which ends it once', () =>
  withProject(FILES, async (project) => {
    const first = await serving(project);
    const workflowId = 'firing-1';
    await withOrders(project, async ({ client, taskQueue, sign }) => {
      const args = [sign(orderOf(project))];
      await client.workflow.start('runScheduled', { args, workflowId, taskQueue });
      await until(async () => (await marks(project)).includes('long'), 'the long step works');
    });
    first.kill('SIGKILL');
    await first.ended;
    await writeFile(project.path('go'), '');
    const second = await serving(project);
    await withOrders(project, async ({ client }) => {
      const made: unknown = await client.workflow.getHandle(workflowId).result();
      expect(made).toMatchObject({ status: 'OK', exitCode: 0 });
    });
    const [record, ...more] = await recorded(project);
    expect(more).toEqual([]);
    expect(record).toMatchObject({
      run_id: expect.stringMatching(/^nightly-\d{8}-\d{6}$/),
      status: 'OK',
      ordered_by: { by: 'schedule', id: 'nightly' },
    });
    expect(await readFile(project.path('out/first.csv'), 'utf8')).toBe('a\n1\n');
    expect((await marks(project)).match(/first/g)).toHaveLength(1);
    second.kill('SIGTERM');
    expect((await second.ended).code).toBe(0);
  }));

test('a process that is told to stop leaves an ordered run open; the next goes on with it', () =>
  withProject(FILES, async (project) => {
    const first = await serving(project);
    await withOrders(project, async ({ client, taskQueue, sign }) => {
      const args = [sign(orderOf(project))];
      await client.workflow.start('runScheduled', { args, workflowId: 'f', taskQueue });
      await until(async () => (await marks(project)).includes('long'), 'the long step works');
    });
    first.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);
    expect(await recorded(project)).toMatchObject([{ status: 'RUNNING' }]);
    await writeFile(project.path('go'), '');
    await serving(project);
    await withOrders(project, async ({ client }) => {
      expect(await client.workflow.getHandle('f').result()).toMatchObject({ status: 'OK' });
    });
    expect(await recorded(project)).toMatchObject([{ status: 'OK' }]);
  }));

test('a definition that is broken makes a recorded run that failed, and says where', () =>
  withProject(
    {
      ...FILES,
      'builder.yaml': "hooks:\n  on_failure:\n    - command: [sh, -c, 'cat > told.json']\n",
      'profiles/p.yaml': 'profile: p\nsteps:\n  a: { uses: no.such }\n',
    },
    async (project) => {
      await serving(project);
      await withOrders(project, async ({ client, taskQueue, sign }) => {
        const args = [sign(orderOf(project))];
        const ended: unknown = await client.workflow
          .execute('runScheduled', { args, workflowId: 'f', taskQueue })
          .catch((error: unknown) => error);
        expect(ended).toBeInstanceOf(WorkflowFailedError);
        expect((ended as WorkflowFailedError).cause).toMatchObject({ type: 'FAIL' });
      });
      expect(await recorded(project)).toMatchObject([
        { status: 'FAIL', error: expect.stringContaining('profiles/p.yaml:3:14: UNKNOWN_KIND') },
      ]);
      const told = await until(
        () => project.readJson<{ text: string; resume: null }>('told.json').catch(() => undefined),
        'the hook is told',
      );
      expect([told.resume, told.text]).toEqual([null, expect.stringContaining('UNKNOWN_KIND')]);
      const [{ run_id: runId } = { run_id: '' }] = await recorded(project);
      const resumed = await project.run(['resume', runId]);
      expect([resumed.code, resumed.stderr]).toEqual([
        2,
        expect.stringContaining('NOTHING_TO_RESUME'),
      ]);
    },
  ));

test('a cancelled order cancels its run', () =>
  withProject(FILES, async (project) => {
    await serving(project);
    await withOrders(project, async ({ client, taskQueue, sign }) => {
      const args = [sign(orderOf(project))];
      const handle = await client.workflow.start('runScheduled', {
        ...{ args, workflowId: 'f', taskQueue },
      });
      await until(async () => (await marks(project)).includes('long'), 'the long step works');
      await handle.cancel();
      const ended: unknown = await handle.result().catch((error: unknown) => error);
      expect((ended as WorkflowFailedError).cause).toMatchObject({ name: 'CancelledFailure' });
    });
    expect(await recorded(project)).toMatchObject([{ status: 'CANCELLED' }]);
  }));

test('what no command of the state folder ordered is not made', () =>
  withProject(FILES, async (project) => {
    const process = await serving(project);
    await withOrders(project, async ({ client, taskQueue, sign }) => {
      const order = sign(orderOf(project));
      for (const changed of [orderOf(project), { ...order, out: project.path('theirs') }]) {
        const ended: unknown = await client.workflow
          .execute('runScheduled', { args: [changed], workflowId: 'f', taskQueue })
          .catch((error: unknown) => error);
        expect(ended).toBeInstanceOf(WorkflowFailedError);
      }
    });
    expect(process.said()).toContain('its run was not ordered');
    expect(await recorded(project)).toEqual([]);
  }));

test('of more partitions than one workflow sees to, it continues as a new one, and makes each once', () =>
  withProject(
    {
      ...FILES,
      'jobs/j.yaml': 'job: mine\nprofile: p\npartition: { by: list, values: [a, b, c, d, e] }\n',
      go: '',
    },
    async (project) => {
      await serving(project);
      const id = 'mine-1';
      const record = { backfill_id: id, partitions: ['a', 'b', 'c', 'd', 'e'] };
      await project.write({ [`.builder/backfills/${id}/backfill.json`]: JSON.stringify(record) });
      await withOrders(project, async ({ client, taskQueue, sign }) => {
        const order = sign({ ...orderOf(project), by: 'backfill', id });
        const spec = { order, atMs: Date.now(), atMost: 2, pageSize: 2, paused: false };
        const handle = await client.workflow.start('backfill', {
          ...{ args: [spec], workflowId: id, taskQueue },
        });
        expect(await handle.result()).toMatchObject({ ended: 5, total: 5 });
        const { firstExecutionRunId: first } = handle;
        const { status } = await client.workflow.getHandle(id, first).describe();
        expect(status.name).toBe('CONTINUED_AS_NEW');
      });
      const runs = await recorded(project);
      expect(runs.map(({ run_id, status }) => `${run_id} ${status}`).toSorted()).toEqual(
        ['a', 'b', 'c', 'd', 'e'].map((partition) => `mine-1-${partition} OK`),
      );
    },
  ));
