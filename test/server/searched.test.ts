import { Client, Connection } from '@temporalio/client';
import { expect, jest, test } from '@jest/globals';

import { peekEngine } from '../../src/engine/engine.ts';
import { until, withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

jest.setTimeout(120_000);

const FILES = {
  'jobs/j.yaml': 'job: nightly\nprofile: p\n',
  'profiles/p.yaml': `profile: p
defaults: { retry: { attempts: 1 } }
steps:
  good: { uses: exec.command, with: { shell: 'true' } }
  bad: { uses: exec.command, with: { shell: 'exit 3' } }
`,
};
const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out'];

/** Ids of the workflows that a query finds. */
async function found(address: string, query: string): Promise<readonly string[]> {
  const connection = await Connection.connect({ address });
  try {
    const ids: string[] = [];
    for await (const { workflowId } of new Client({ connection }).workflow.list({ query })) {
      ids.push(workflowId);
    }
    return ids;
  } finally {
    await connection.close();
  }
}

test('runs of the embedded engine are found by job, profile and status', () =>
  withProject(FILES, async (project) => {
    await project.start(['dev']).says(/Ctrl-C stops/);
    expect((await project.run(RUN)).code).toBe(1);
    const { address } = peekEngine(project.path('.builder'))!;
    const query = 'BuilderJob = "nightly" AND BuilderProfile = "p" AND BuilderStatus = "FAIL"';
    await until(async () => (await found(address, query)).length === 1, 'it is found');
    expect(await found(address, 'BuilderStatus = "RUNNING"')).toEqual([]);
  }));

test('a service without the attributes runs all the same, and its page shows how the run stands', () =>
  withProject(FILES, (project) =>
    withService(project, async ({ address }) => {
      const service = ['--temporal-address', address, '--store', project.path('store')];
      const worker = project.start(['worker', ...service, '--state-dir', 'st']);
      await worker.says(/serving/);
      const { code, stdout } = await project.run([...RUN, '--json', ...service]);
      expect(code).toBe(1);
      const { run_id: runId } = JSON.parse(stdout) as { readonly run_id: string };
      const connection = await Connection.connect({ address });
      try {
        const handle = new Client({ connection }).workflow.getHandle(runId);
        const { currentDetails } = await handle.query<{ readonly currentDetails: string }>(
          '__temporal_workflow_metadata',
        );
        expect(currentDetails).toMatch(/^\*\*2 of 2 steps ended\*\*: /);
        expect(currentDetails).toMatch(/- bad FAIL: .*exit code 3/);
      } finally {
        await connection.close();
      }
    }),
  ));
