import { readdir, readFile, rm } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';

import { until, withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

import type { Project } from '../harness/cli.ts';

jest.setTimeout(240_000);

const FILES = {
  'jobs/j.yaml': 'job: j\nprofile: p\n',
  'profiles/p.yaml': 'profile: p\nsteps:\n  one: { uses: exec.command, with: { shell: "true" } }\n',
};
const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out'];

/** Leaves a run open: its first step is done, its second goes on for ever. */
async function leaveOpen(project: Project, engine: readonly string[]): Promise<string> {
  await project.write({
    'profiles/p.yaml': `profile: p
steps:
  one: { uses: exec.command, with: { shell: 'true' } }
  wait:
    uses: exec.command
    needs: [one]
    with: { shell: 'touch "${project.folder}/begun"; sleep 600' }
  last: { uses: exec.command, needs: [wait], with: { shell: 'true' } }
`,
  });
  const running = project.start([...RUN, ...engine]);
  await until(async () => (await readdir(project.folder)).includes('begun'), 'the step has begun');
  const [runId = ''] = await readdir(project.path('.builder/runs'));
  const busy = await project.run(['give-up', runId, ...engine]);
  expect([busy.code, busy.stderr]).toEqual([2, expect.stringContaining('OUT_BUSY: run')]);
  expect(busy.stderr).toContain(`builder_cli cancel ${runId} ends it.`);
  running.kill('SIGTERM');
  await running.ended;
  return runId;
}

const record = async (project: Project, runId: string) =>
  JSON.parse(await readFile(project.path(`.builder/runs/${runId}/run.json`), 'utf8')) as {
    status: string;
    state: string;
    steps: { id: string; status: string }[];
  };

test('a run that was left open is closed without its definition and without an engine', () =>
  withProject(FILES, async (project) => {
    const runId = await leaveOpen(project, []);
    await rm(project.path('jobs/j.yaml'));

    const ended = await project.run(['give-up', '--json']);

    expect([ended.code, JSON.parse(ended.stdout)]).toEqual([
      0,
      { run_id: runId, status: 'CANCELLED' },
    ]);
    expect(ended.stderr).not.toContain('engine');
    const { status, state, steps } = await record(project, runId);
    expect([status, state]).toEqual(['CANCELLED', 'closed']);
    expect(steps.map((step) => step.status)).toEqual(['OK', 'CANCELLED', 'CANCELLED']);

    const again = await project.run(['give-up', runId]);
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringContaining(`NOTHING_TO_RESUME: run ${runId} has ended CANCELLED`),
    ]);
    await project.write(FILES);
    const next = await project.run([...RUN, '--json']);
    expect(next.code).toBe(0);
    expect(next.stderr).not.toContain(runId);
  }));

test('with a service its workflow is ended, so that no worker goes on with it', () =>
  withProject(FILES, (project) =>
    withService(project, async ({ address }) => {
      const service = ['--temporal-address', address, '--store', project.path('shared')];
      const worker = project.start(['worker', ...service, '--state-dir', 'st-worker']);
      await worker.says(/serving/);
      const runId = await leaveOpen(project, service);

      expect(await project.run(['give-up', runId, ...service])).toMatchObject({ code: 0 });

      expect((await record(project, runId)).status).toBe('CANCELLED');
      const connection = await Connection.connect({ address });
      try {
        const handle = new Client({ connection }).workflow.getHandle(runId);
        expect((await handle.describe()).status.name).toBe('TERMINATED');
      } finally {
        await connection.close();
      }
    }),
  ));
