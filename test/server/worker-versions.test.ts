import { readdir } from 'node:fs/promises';

import { Connection } from '@temporalio/client';
import { expect, jest, test } from '@jest/globals';

import { until, withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

jest.setTimeout(240_000);

const FILES = {
  'jobs/j.yaml': 'job: j\nprofile: p\nparams: { go: { type: string } }\n',
  'profiles/p.yaml': `profile: p
steps:
  wait:
    uses: exec.command
    with:
      shell: 'echo waits; until [ -e "$GO" ]; do sleep 0.05; done'
      env: { GO: '\${{ params.go }}' }
  after: { uses: exec.command, needs: [wait], with: { shell: 'true' } }
`,
};
const DEPLOYMENT = 'pipelines';

/** Hands new runs to a build, as somebody who rolls it out does. */
async function makeCurrent(address: string, buildId: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await until(
      () =>
        connection.workflowService
          .setWorkerDeploymentCurrentVersion({
            namespace: 'default',
            deploymentName: DEPLOYMENT,
            buildId,
            identity: 'test',
          })
          .then(
            () => true,
            () => false,
          ),
      `${buildId} is current`,
      60_000,
    );
  } finally {
    await connection.close();
  }
}

test('a run stays with the version of the workers that it began with, and a new one goes to the current', () =>
  withProject(FILES, (project) =>
    withService(project, async ({ address }) => {
      const service = ['--temporal-address', address, '--store', project.path('store')];
      const begin = (build: string) =>
        project.start([
          ...['worker', ...service, '--state-dir', `st-${build}`],
          ...['--deployment', DEPLOYMENT, '--build-id', build],
        ]);
      const run = (name: string) =>
        project.start([
          ...['run-profile', '--job', 'jobs/j.yaml', '--out', name, ...service],
          ...['-p', `go=${project.path(name)}.go`, '--state-dir', 'st'],
        ]);
      const first = begin('first');
      await first.says(/serving/);
      await makeCurrent(address, 'first');
      const old = run('old');
      await old.says(/ui|engine/);
      await until(
        async () => {
          const { stdout } = await project.run([
            'status',
            '--out',
            'old',
            '--state-dir',
            'st',
            ...service.slice(2),
          ]);
          return /wait +RUNNING/.test(stdout);
        },
        'its first step runs',
        60_000,
      );

      const second = begin('second');
      await second.says(/serving/);
      await makeCurrent(address, 'second');
      await project.write({ 'new.go': '' });
      expect((await run('new').ended).code).toBe(0);
      // Without the workers that it began with it waits, whoever else is there.
      first.kill('SIGKILL');
      await first.ended;
      await project.write({ 'old.go': '' });
      const again = begin('first');
      await again.says(/serving/);
      expect((await old.ended).code).toBe(0);
      const logs = async (build: string): Promise<readonly string[]> =>
        readdir(project.path(`st-${build}/runs`));
      const [kept, given] = [await logs('first'), await logs('second')];
      expect([kept.length, given.length]).toEqual([1, 1]);
      expect(kept).not.toEqual(given);
    }),
  ));

test('a build id alone is refused', () =>
  withProject(FILES, async (project) => {
    const words = ['worker', '--temporal-address', '127.0.0.1:1', '--build-id', 'x'];
    const { code, stderr } = await project.run(words);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Give --deployment, too.')]);
  }));
