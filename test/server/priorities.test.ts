import { readFile, writeFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';
import { Connection } from '@temporalio/client';

import { until, withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

jest.setTimeout(240_000);

const gate = (mark: string): string => `
    uses: exec.command
    with:
      shell: 'echo ${mark} >> "$MARKS"; until [ -e "$GO" ]; do sleep 0.05; done'
      env: { ID: '\${{ partition.id }}' }
      pass_env: [MARKS, GO]
`;
/** A service orders by priority within each partition of a task queue, four by default. */
const ONE_PARTITION = ['Read', 'Write'].flatMap((side) => [
  '--dynamic-config-value',
  `matching.numTaskqueue${side}Partitions=1`,
]);

const FILES = {
  'jobs/past.yaml': 'job: past\nprofile: past\npartition: { by: list, values: [a, b, c, d] }\n',
  'profiles/past.yaml': `profile: past\nsteps:\n  gate:${gate('past-$ID')}`,
  'jobs/hold.yaml': 'job: hold\nprofile: hold\n',
  'profiles/hold.yaml': `profile: hold\nsteps:\n  gate:${gate('hold').replace(/.*env.*\n/, '')}`,
  'jobs/due.yaml': 'job: due\nprofile: due\nschedule: { cron: "0 0 1 1 *" }\n',
  'profiles/due.yaml': `profile: due\nsteps:\n  gate:${gate('due').replace(/.*env.*\n/, '')}`,
};

test('where both wait for a worker the run of a schedule goes before the runs of a backfill', () =>
  withProject(FILES, async (project) => {
    await withService(
      project,
      async ({ address }) => {
        const at = ['--temporal-address', address];
        const env = { MARKS: project.path('marks'), GO: project.path('go') };
        const marks = async (): Promise<readonly string[]> =>
          (await readFile(env.MARKS, 'utf8').catch(() => '')).split('\n').filter(Boolean);
        const serving = project.start(['serve', ...at, '--slots', '1', '--log', 'text'], env);
        await serving.says(/steps? at once/);
        const words = (job: string, command = 'run-profile'): readonly string[] => [
          ...[command, '--job', `jobs/${job}.yaml`, '--out', `out/${job}`, ...at],
        ];
        const hold = project.start(words('hold'));
        await until(async () => (await marks()).length === 1, 'the one slot is taken');

        const connection = await Connection.connect({ address });
        const waiting = async (type: string, prefix: string): Promise<number> => {
          const query = `WorkflowType = '${type}' AND ExecutionStatus = 'Running'`;
          const { executions } = await connection.workflowService.listWorkflowExecutions({
            namespace: 'default',
            query,
          });
          let count = 0;
          for (const { execution } of executions) {
            if (execution?.workflowId?.startsWith(prefix) !== true) continue;
            const { pendingActivities } =
              await connection.workflowService.describeWorkflowExecution({
                namespace: 'default',
                execution,
              });
            count += pendingActivities?.length ?? 0;
          }
          return count;
        };
        const past = project.start([...words('past', 'backfill'), '--at-most', '4']);
        await until(async () => (await waiting('runProfile', 'past-')) === 4, 'four wait');
        const triggered = await project.run(['schedule', 'trigger', 'due', ...at]);
        expect([triggered.code, triggered.stderr]).toEqual([0, expect.anything()]);
        await until(
          async () => (await waiting('runProfile', 'due-')) === 1,
          'the scheduled one waits',
        );
        await connection.close();

        await writeFile(env.GO, '');
        expect((await hold.ended).code).toBe(0);
        expect((await past.ended).code).toBe(0);
        const order = await marks();
        expect(order.slice(0, 2)).toEqual(['hold', 'due']);
        expect(order.slice(2).toSorted()).toEqual(['past-a', 'past-b', 'past-c', 'past-d']);
        serving.kill('SIGTERM');
        await serving.ended;
      },
      ONE_PARTITION,
    );
  }));
