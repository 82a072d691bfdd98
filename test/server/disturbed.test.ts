import { existsSync } from 'node:fs';

import { expect, jest, test } from '@jest/globals';
import { Connection } from '@temporalio/client';

import { until, withProject } from '../harness/cli.ts';

// Two servers are started in each test, one after the other.
jest.setTimeout(180_000);

const FILES = {
  'jobs/j.yaml': 'job: mine\n',
  'profiles/p.yaml': `
profile: p
steps:
  first: { uses: exec.command, with: { shell: 'echo 1 >> "$FIRST"', pass_env: [FIRST] } }
  long:
    uses: exec.command
    needs: [first]
    with: { shell: 'touch "$BEGUN"; while [ ! -e "$GO" ]; do sleep 0.05; done', pass_env: [BEGUN, GO] }
  last: { uses: exec.command, needs: [long], with: { shell: 'true' } }
`,
};
const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out'];

type About = {
  readonly connection: Connection;
  readonly execution: { readonly workflowId: string };
};

/** What anybody on the machine can do with the embedded engine while a run goes on. */
const DISTURBANCES: readonly (readonly [string, (about: About) => Promise<unknown>])[] = [
  [
    'terminates it',
    ({ connection, execution }) =>
      connection.workflowService.terminateWorkflowExecution({
        namespace: 'default',
        workflowExecution: execution,
      }),
  ],
  [
    'deletes it',
    ({ connection, execution }) =>
      connection.workflowService.deleteWorkflowExecution({
        namespace: 'default',
        workflowExecution: execution,
      }),
  ],
  [
    'resets it',
    ({ connection, execution }) =>
      connection.workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: execution,
        // A number will do, whatever its types say.
        workflowTaskFinishEventId: 4 as never,
        requestId: 'again',
      }),
  ],
  [
    'pauses its step',
    ({ connection, execution }) =>
      connection.workflowService.pauseActivity({
        namespace: 'default',
        execution,
        type: 'exec.command',
      }),
  ],
  [
    'answers in the place of its step',
    async ({ connection, execution }) => {
      const { workflowService } = connection;
      const about = { namespace: 'default', execution };
      const { pendingActivities } = await workflowService.describeWorkflowExecution(about);
      const activityId = pendingActivities?.[0]?.activityId;
      return workflowService.respondActivityTaskCompletedById({
        namespace: 'default',
        ...execution,
        activityId,
        result: {
          payloads: [
            { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"a":1}') },
          ],
        },
      });
    },
  ],
  [
    'lets its queue hand out nothing',
    ({ connection, execution }) =>
      connection.workflowService.updateTaskQueueConfig({
        namespace: 'default',
        taskQueue: execution.workflowId,
        // Of activities.
        taskQueueType: 2,
        updateQueueRateLimit: { rateLimit: { requestsPerSecond: 0 } },
      }),
  ],
  [
    'has the namespace take no workflow',
    ({ connection }) => connection.workflowService.deprecateNamespace({ namespace: 'default' }),
  ],
  [
    'deletes the namespace',
    ({ connection }) => connection.operatorService.deleteNamespace({ namespace: 'default' }),
  ],
];

test.each(DISTURBANCES)(
  'a run goes on with resume, its finished step kept, after somebody %s',
  (_what, disturb) =>
    withProject(FILES, async (project) => {
      const env = {
        FIRST: project.path('first'),
        BEGUN: project.path('begun'),
        GO: project.path('go'),
      };
      const running = project.start(RUN, env);
      const [, address = ''] = await running.says(/at (127\.0\.0\.1:\d+), namespace/);
      const [, workflowId = ''] = await running.says(/^ui +http:.*\/(\S+)$/m);
      await until(() => existsSync(env.BEGUN), 'the step works');
      const connection = await Connection.connect({ address });
      await disturb({ connection, execution: { workflowId } });
      await connection.close();
      // Whether it was noticed, is waited for, or was not felt at all: it can be left.
      running.kill('SIGTERM');
      await running.ended;
      await project.write({ go: '' });
      const resumed = await project.run(['resume', '--out', 'out'], env);
      expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('3 OK')]);
    }),
);
