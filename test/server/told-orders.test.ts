import { expect, jest, test } from '@jest/globals';

import { until, withProject } from '../harness/cli.ts';
import { withOrders } from '../harness/orders.ts';
import { withReceiver } from '../harness/receiver.ts';

jest.setTimeout(240_000);

const PROFILE = `profile: p
steps:
  one: { uses: transform.sql, with: { sql: 'select 1 as n' } }
`;

test('a process that serves tells how ordered runs end, that a definition is broken, and that it is mended', () =>
  withReceiver({}, (receiver) => {
    const to = (path: string): string => `[{ http: { url: '${receiver.url}/${path}' } }]`;
    const files = {
      'builder.yaml': `hooks: { on_failure: ${to('bad')}, on_recovery: ${to('again')} }\n`,
      'jobs/j.yaml': `job: mine\nprofile: p\nhooks: { on_failure: ${to('own')} }\n`,
      'profiles/p.yaml': 'profile: p\nsteps:\n  a: { uses: no.such }\n',
    };
    return withProject(files, async (project) => {
      await project.start(['dev']).says(/steps at once/);
      await withOrders(project, async ({ client, taskQueue, sign }) => {
        // A schedule fires at most once in a second, so these are two schedules.
        const make = async (workflowId: string): Promise<unknown> => {
          const order = {
            by: 'schedule',
            id: workflowId,
            job: project.path('jobs/j.yaml'),
            out: project.path('out'),
          } as const;
          const args = [sign(order)];
          return client.workflow
            .execute('runScheduled', { args, workflowId, taskQueue })
            .catch((error: unknown) => error);
        };
        await make('first');
        await until(() => receiver.got.length === 2, 'both are told', 60_000);
        expect(receiver.got.map(({ path }) => path).sort()).toEqual(['/bad', '/own']);
        expect(JSON.parse(receiver.got[0]!.body)).toMatchObject({
          job: 'mine',
          status: 'FAIL',
          failures: [{ step: null, code: 'UNKNOWN_KIND' }],
          text: expect.stringContaining('profiles/p.yaml:3:14: UNKNOWN_KIND'),
          resume: null,
        });
        await project.write({ 'profiles/p.yaml': PROFILE });
        expect(await make('second')).toMatchObject({ status: 'OK' });
        await until(() => receiver.got.length === 3, 'the recovery is told', 60_000);
        const [, , { path, body } = { path: '', body: '' }] = receiver.got;
        expect(path).toBe('/again');
        expect(JSON.parse(body)).toMatchObject({
          event: 'recovery',
          url: expect.stringMatching(/^http:\/\/.*\/workflows\//),
        });
      });
    });
  }));
