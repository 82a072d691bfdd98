import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { until, withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

import type { Project, Running } from '../harness/cli.ts';

const BROKEN = fileURLToPath(new URL('processes/broken-worker.mjs', import.meta.url));

const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out'];

/** A step that goes on until the file `gate` is there, and one that delivers a number. */
const profile = (folder: string, number: number): string => `profile: p
steps:
  wait:
    uses: exec.command
    with: { shell: 'cd "${folder}"; echo begun >> begun; while [ ! -e gate ]; do sleep 0.1; done' }
  number: { uses: transform.sql, with: { sql: 'select ${number} as n' } }
  files: { uses: export.dataset, needs: [wait], with: { from: number, formats: [csv] } }
`;

type Ground = { readonly project: Project; readonly service: readonly string[] };

/** A project, and a service without any worker. */
function onService(
  work: (ground: Ground & { readonly address: string }) => Promise<void>,
): Promise<void> {
  return withProject({ 'jobs/j.yaml': 'job: j\nprofile: p\n' }, async (project) => {
    await project.write({ 'profiles/p.yaml': profile(project.folder, 1) });
    await withService(project, ({ address }) =>
      work({ project, address, service: ['--temporal-address', address] }),
    );
  });
}

/** A run in the middle of its first step whose command was killed. */
async function leftByItsCommand({
  project,
  service,
}: Ground): Promise<{ readonly worker: Running }> {
  const worker = project.start(['worker', ...service]);
  await worker.says(/serving/);
  const caller = project.start([...RUN, ...service]);
  const begun = (): Promise<string> => readFile(project.path('begun'), 'utf8');
  await until(() => begun().catch(() => undefined), 'the step has begun');
  caller.kill('SIGKILL');
  await caller.ended;
  return { worker };
}

/** Whether the only run of a service has completed. */
async function isCompleted(address: string): Promise<boolean> {
  const { Client, Connection } = await import('@temporalio/client');
  const connection = await Connection.connect({ address });
  try {
    const found = new Client({ connection }).workflow.list({
      query: "ExecutionStatus = 'Completed'",
    });
    for await (const _ of found) return true;
    return false;
  } finally {
    await connection.close();
  }
}

const open = (project: Project): Promise<void> => writeFile(project.path('gate'), '');

test('an open workflow that gets on is gone on with, and delivers under the lock of the new command', () =>
  onService(async (ground) => {
    const { project, service } = ground;
    await leftByItsCommand(ground);
    const resumed = project.start(['resume', '--out', 'out', ...service, '--json']);
    await resumed.says(/^resume/m);
    await open(project);
    const { code, stdout, stderr } = await resumed.ended;
    expect([code, stderr]).toEqual([0, expect.not.stringMatching(/^restart/m)]);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'OK', generation: 1 });
    expect(await readFile(project.path('begun'), 'utf8')).toBe('begun\n');
    expect(await readFile(project.path('out/number.csv'), 'utf8')).toBe('n\n1\n');
  }));

test('a workflow that completed while nobody looked is taken as it is', () =>
  onService(async ({ project, service, address }) => {
    const worker = project.start(['worker', '--deliver', ...service]);
    await worker.says(/serving/);
    const caller = project.start([...RUN, '--deliver-by', 'workers', ...service]);
    const begun = (): Promise<string> => readFile(project.path('begun'), 'utf8');
    await until(() => begun().catch(() => undefined), 'the step has begun');
    caller.kill('SIGKILL');
    await caller.ended;
    await open(project);
    const delivered = (): Promise<string> => readFile(project.path('out/number.csv'), 'utf8');
    await until(() => delivered().catch(() => undefined), 'the delivery is there');
    await until(() => isCompleted(address), 'the workflow is over');
    const resume = ['resume', '--out', 'out', '--deliver-by', 'workers', ...service, '--json'];
    const { code, stdout, stderr } = await project.run(resume);
    expect([code, stderr]).toEqual([0, expect.not.stringMatching(/^restart/m)]);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'OK', generation: 1 });
  }));

test('a run whose definition has changed is ended and started again', () =>
  onService(async (ground) => {
    const { project, service } = ground;
    await leftByItsCommand(ground);
    await project.write({ 'profiles/p.yaml': profile(project.folder, 2) });
    await open(project);
    const { code, stderr } = await project.run(['resume', '--out', 'out', ...service]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        /^restart {3}its definition has changed; every finished step is kept$/m,
      ),
    ]);
    expect(await readFile(project.path('out/number.csv'), 'utf8')).toBe('n\n2\n');
  }));

test(
  'a run whose workflow task fails again and again is ended and started again',
  () =>
    onService(async ({ project, service, address }) => {
      await open(project);
      const env = { ...process.env, NODE_OPTIONS: '' };
      const broken = spawn(process.execPath, [BROKEN, address], { env, stdio: 'ignore' });
      try {
        const stuck = await project.run([...RUN, ...service]);
        expect([stuck.code, stuck.stderr]).toEqual([3, expect.stringContaining('WORKFLOW_STUCK')]);
      } finally {
        broken.kill('SIGKILL');
        await once(broken, 'close');
      }
      const worker = project.start(['worker', ...service]);
      await worker.says(/serving/);
      const { code, stderr } = await project.run(['resume', '--out', 'out', ...service]);
      expect([code, stderr]).toEqual([
        0,
        expect.stringMatching(/^restart {3}its workflow task has failed \d+ times in a row/m),
      ]);
    }),
  120_000,
);
