import { readdir } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { until, withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';
import { withReceiver } from '../harness/receiver.ts';
import { withService } from '../harness/service.ts';

import type { Project, Running } from '../harness/cli.ts';

jest.setTimeout(240_000);

/** Waits for a file of the given name. */
const FILES = {
  'data.csv': 'id,name\n1,a\n2,b\n',
  'jobs/j.yaml': `job: j
params: { go: { type: string } }
inputs: { data: { path: ../data.csv } }
`,
  'profiles/p.yaml': `
profile: p
defaults: { retry: { attempts: 1 } }
steps:
  collect: { uses: collect.files, with: { from: '\${{ inputs.data }}' } }
  wait:
    uses: exec.command
    needs: [collect]
    with:
      shell: 'until [ -e "$GO" ]; do sleep 0.05; done; test ! -s "$GO"'
      env: { GO: '\${{ params.go }}' }
  export: { uses: export.dataset, needs: [wait], with: { from: collect, formats: [csv] } }
`,
};

type Fleet = {
  readonly project: Project;
  /** Words of every command. */
  readonly words: readonly string[];
  startWorker(name: string): Promise<Running>;
  /** Answers the id of the run. */
  detach(out: string, more?: readonly string[]): Promise<string>;
  status(runId: string): Promise<{ readonly state: string; readonly status: string }>;
};

async function withFleet(
  work: (fleet: Fleet) => Promise<void>,
  files: Readonly<Record<string, string>> = FILES,
): Promise<void> {
  await withProject(files, (project) =>
    withService(project, async ({ address }) => {
      const store = ['--store', project.path('shared')];
      const words = ['--temporal-address', address, ...store, '--state-dir', 'st'];
      const service = words.slice(0, 4);
      await work({
        project,
        words,
        startWorker: async (name) => {
          const worker = project.start(['worker', ...service, '--state-dir', name, '--deliver']);
          await worker.says(/and deliveries/);
          return worker;
        },
        detach: async (out, more = []) => {
          const run = ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', out];
          const given = ['-p', `go=${project.path('go')}`, '--detach', '--json', ...more];
          const { code, stdout, stderr } = await project.run([...run, ...given, ...words]);
          expect([code, stderr]).toEqual([0, expect.stringMatching(/^detached /m)]);
          return (JSON.parse(stdout) as { readonly run_id: string }).run_id;
        },
        status: async (runId) => {
          const { stdout } = await project.run([
            ...['status', runId, '--json', '--state-dir', 'st'],
            ...store,
          ]);
          return JSON.parse(stdout) as { readonly state: string; readonly status: string };
        },
      });
    }),
  );
}

test('a run whose command has left is executed, delivered and recorded by workers, also when they are killed', () =>
  withFleet(async ({ project, words, startWorker, detach, status }) => {
    const first = await startWorker('st-1');
    const runId = await detach('out');
    expect(await status(runId)).toMatchObject({ state: 'open', status: 'RUNNING' });
    const { stdout } = await project.run(['runs', '--state-dir', 'st', ...words.slice(2, 4)]);
    expect(stdout).toMatch(/RUNNING \(on the workers of task queue '.*'\)/);

    await until(async () => {
      const { stdout: text } = await project.run(['status', runId, ...words.slice(2)]);
      return /wait +RUNNING/.test(text);
    }, 'its step runs');
    first.kill('SIGKILL');
    await first.ended;
    await startWorker('st-2');
    await project.write({ go: '' });
    await until(
      async () => (await status(runId)).state === 'closed',
      'its end is recorded',
      90_000,
    );
    expect(await status(runId)).toMatchObject({ status: 'OK', finished_at: expect.any(String) });
    expect(Object.keys(await contentOf(project.path('out')))).toContain('collect.csv');
    expect(await readdir(project.folder)).not.toContain('.out.builder');
  }));

test('resume comes back to it, waits for its end, and ends as it does', () =>
  withFleet(async ({ project, words, startWorker, detach, status }) => {
    await startWorker('st-1');
    const runId = await detach('out');
    const back = project.start(['resume', runId, ...words]);
    await back.says(/collect +OK/);
    // Coming back neither ends it nor begins it again; leaving it again does not, either.
    back.kill('SIGTERM');
    await back.ended;
    expect(await status(runId)).toMatchObject({ state: 'open', generation: 1 });
    const again = project.start(['resume', '--out', 'out', ...words]);
    await again.says(/collect +OK/);
    await project.write({ go: 'not empty: its step fails' });
    const { code, stderr } = await again.ended;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/wait +FAIL/)]);
    expect(await status(runId)).toMatchObject({ state: 'closed', status: 'FAIL', generation: 1 });

    await project.write({ go: '' });
    const mended = await project.run(['resume', '--out', 'out', ...words]);
    expect([mended.code, mended.stderr]).toEqual([0, expect.stringContaining('3 OK')]);
  }));

test('the same command comes back to it, another plan is refused, and cancel ends it', () =>
  withFleet(async ({ project, words, startWorker, detach, status }) => {
    await startWorker('st-1');
    const runId = await detach('out');
    const run = ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out', ...words];
    const same = project.start([...run, '-p', `go=${project.path('go')}`]);
    await same.says(new RegExp(`found +the unfinished run ${runId}`));
    await same.says(/collect +OK/);
    const other = await project.run([...run, '-p', `go=${project.path('other')}`]);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('OUT_BUSY')]);
    same.kill('SIGTERM');
    await same.ended;
    const others = await project.run([...run, '-p', `go=${project.path('other')}`]);
    expect([others.code, others.stderr]).toEqual([
      2,
      expect.stringContaining(`run ${runId} goes on without its command`),
    ]);
    expect((await project.run(['cancel', runId, ...words])).code).toBe(0);
    await until(
      async () => (await status(runId)).state === 'closed',
      'its end is recorded',
      60_000,
    );
    expect(await status(runId)).toMatchObject({ status: 'CANCELLED' });
  }));

test('its hooks are told once, by the worker', () =>
  withReceiver({}, (receiver) => {
    const hook = `hooks: { on_success: [{ http: { url: '${receiver.url}' } }] }\n`;
    const files = { ...FILES, 'jobs/j.yaml': FILES['jobs/j.yaml'] + hook };
    return withFleet(async ({ project, startWorker, detach }) => {
      await startWorker('st-1');
      await startWorker('st-2');
      const runId = await detach('out');
      await project.write({ go: '' });
      await until(() => receiver.got.length > 0, 'its end is told', 60_000);
      expect(JSON.parse(receiver.got[0]!.body)).toMatchObject({
        run_id: runId,
        status: 'OK',
        log: project.path(`st/runs/${runId}`),
      });
      expect(receiver.got).toHaveLength(1);
    }, files);
  }));

test('without a service there is nobody to leave it to', () =>
  withProject(FILES, async (project) => {
    const run = ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out'];
    const { code, stderr } = await project.run([...run, '-p', 'go=x', '--detach']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/BAD_USAGE.*Temporal service/)]);
    expect(await readdir(project.folder)).not.toContain('.builder');
  }));
