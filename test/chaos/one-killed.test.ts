import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { until, withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';
import { withService } from '../harness/service.ts';

import type { Project, Running } from '../harness/cli.ts';

const FILES = {
  'data.csv': 'id,name\n1,a\n2,b\n',
  'jobs/j.yaml': 'job: j\ninputs:\n  data: { path: ../data.csv }\n',
  'profiles/p.yaml': `
profile: p
defaults: { heartbeat: 2s }
steps:
  collect: { uses: collect.files, with: { from: '\${{ inputs.data }}' } }
  clean: { uses: transform.sql, needs: [collect], with: { sql: 'select * from collect' } }
  pause: { uses: exec.command, needs: [clean], with: { shell: 'sleep 2' } }
  count: { uses: transform.sql, needs: [clean, pause], with: { sql: 'select count(*) n from clean' } }
  export: { uses: export.dataset, with: { from: count, formats: [csv] } }
`,
};
const run = (out: string): string[] => [
  ...['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', out],
];

type StepRecord = { readonly id: string; readonly status: string; readonly attempts: number };

/** The record of the only run of a state folder. */
async function recordOf(
  project: Project,
  state = '.builder',
): Promise<{ status: string; state: string; steps: readonly StepRecord[] }> {
  const [id = ''] = await readdir(project.path(`${state}/runs`));
  return project.readJson(`${state}/runs/${id}/run.json`);
}

/** How often each step of the only run was worked on to its end. */
async function executions(project: Project, state = '.builder'): Promise<Record<string, number>> {
  const [id = ''] = await readdir(project.path(`${state}/runs`));
  const logs = project.path(`${state}/runs/${id}/logs`);
  const counts: Record<string, number> = {};
  for (const name of await readdir(logs)) {
    const text = await readFile(join(logs, name), 'utf8');
    counts[name.replace('.log', '')] = (text.match(/ done in \d+ ms/g) ?? []).length;
  }
  return counts;
}

const ONCE = { collect: 1, clean: 1, pause: 1, count: 1, export: 1 };

async function killServer(project: Project): Promise<void> {
  const servers = project.path('.builder/engine/servers');
  const [name = ''] = await readdir(servers);
  const pid = Number(/"pid":(\d+)/.exec(await readFile(join(servers, name), 'utf8'))?.[1]);
  process.kill(pid, 'SIGKILL');
}

/** What an undisturbed run delivers, made in the same project. */
async function undisturbed(project: Project): Promise<Record<string, string>> {
  const { code } = await project.run([...run('alone'), '--state-dir', 'st-alone']);
  expect(code).toBe(0);
  return contentOf(project.path('alone'));
}

type End = (run: Running, project: Project) => unknown;
/** What is done to the run, and the exit code and last words of its command. */
const ENDS: readonly (readonly [string, End, number | null, RegExp])[] = [
  ['the command is killed with -9', (running) => running.kill('SIGKILL'), null, /clean +OK/],
  [
    'the engine is killed with -9',
    (_, project) => killServer(project),
    3,
    /ENGINE_LOST: .*Go on with: builder_cli resume --out out/s,
  ],
  ['the command is told to leave', (running) => running.kill('SIGTERM'), 130, /suspended/],
];

test.each(ENDS)(
  '%s: resume finishes, nothing is executed twice, same bytes',
  (_, end, code, words) =>
    withProject(FILES, async (project) => {
      const expected = await undisturbed(project);
      const running = project.start(run('out'));
      await running.says(/clean +OK/);
      await end(running, project);
      const ended = await running.ended;
      expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(words)]);
      expect(await recordOf(project)).toMatchObject({ state: 'open', status: 'RUNNING' });

      const resumed = await project.run(['resume', '--out', 'out']);
      expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('5 OK')]);
      expect(await contentOf(project.path('out'))).toEqual(expected);
      expect(await executions(project)).toEqual(ONCE);
    }),
);

test('a killed worker of a fleet costs no attempt: another one goes on where it stopped', () =>
  withProject(FILES, async (project) => {
    const expected = await undisturbed(project);
    await withService(project, async ({ address }) => {
      const service = ['--temporal-address', address, '--store', project.path('shared')];
      const worker = (name: string): Running =>
        project.start(['worker', ...service, '--state-dir', name]);
      const first = worker('st-worker-1');
      await first.says(/serving/);
      const caller = project.start([...run('out'), '--state-dir', 'st-caller', ...service]);
      await caller.says(/clean +OK/);
      await until(
        async () => 'pause' in (await executions(project, 'st-worker-1')),
        'pause runs on the first worker',
      );
      first.kill('SIGKILL');
      await first.ended;
      await worker('st-worker-2').says(/serving/);

      const { code, stderr } = await caller.ended;
      expect([code, stderr]).toEqual([0, expect.stringContaining('5 OK')]);
      expect(await contentOf(project.path('out'))).toEqual(expected);
      const { steps } = await recordOf(project, 'st-caller');
      expect(steps.map(({ id, status, attempts }) => [id, status, attempts])).toEqual(
        Object.keys(ONCE).map((id) => [id, 'OK', 1]),
      );
      expect(await executions(project, 'st-worker-2')).toEqual({ pause: 1, count: 1, export: 1 });
    });
  }));

test('a service that is killed and comes back is waited for', () =>
  withProject(FILES, async (project) => {
    const expected = await undisturbed(project);
    await withService(project, async ({ address, kill, start }) => {
      const service = ['--temporal-address', address, '--store', project.path('shared')];
      await project.start(['worker', ...service, '--state-dir', 'st-worker']).says(/serving/);
      const caller = project.start([...run('out'), '--state-dir', 'st-caller', ...service]);
      await caller.says(/clean +OK/);
      await kill();
      await caller.says(/waiting: the Temporal service does not answer/);
      await start();

      const { code, stderr } = await caller.ended;
      expect([code, stderr]).toEqual([0, expect.stringContaining('5 OK')]);
      expect(await contentOf(project.path('out'))).toEqual(expected);
    });
  }));
