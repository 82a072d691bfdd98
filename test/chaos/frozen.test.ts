import { access, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, jest, test } from '@jest/globals';

import { runningServer } from '../../src/engine/server-records.ts';
import { until, withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

import type { Project, Running } from '../harness/cli.ts';

jest.setTimeout(120_000);

/** Longer than the server waits for a heartbeat: it gives an attempt up that it does not hear of for so long. */
const FROZEN_MS = 4_000;
const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out'];

/** A step that tells of its start, and works until the file `gate` is there. */
const filesOf = (folder: string): Readonly<Record<string, string>> => ({
  'jobs/j.yaml': 'job: j\nprofile: p\n',
  'profiles/p.yaml': `profile: p
defaults: { heartbeat: 1s }
steps:
  work:
    uses: exec.command
    with: { shell: 'cd "${folder}"; echo s >> starts; while [ ! -e gate ]; do sleep 0.1; done' }
`,
});

async function freeze(pids: readonly number[]): Promise<void> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  await sleep(FROZEN_MS);
  for (const pid of pids.toReversed()) process.kill(pid, 'SIGCONT');
}

const hasBegun = (project: Project): Promise<boolean> =>
  access(project.path('starts')).then(
    () => true,
    () => false,
  );

async function endsAfterOneStart(running: Running, project: Project): Promise<void> {
  await project.write({ gate: '' });
  const { code, stderr } = await running.ended;
  expect([code, stderr, await readFile(project.path('starts'), 'utf8')]).toEqual([
    0,
    expect.stringContaining('1 OK'),
    's\n',
  ]);
}

test.each(['command', 'engine', 'command and engine'] as const)(
  'a step goes on while its %s is frozen, and is not begun again',
  (whom) =>
    withProject({}, async (project) => {
      await project.write(filesOf(project.folder));
      const running = project.start(RUN);
      await until(() => hasBegun(project), 'the step begins');
      const server = runningServer(project.path('.builder/engine/servers'))?.record.pid ?? 0;
      await freeze([
        ...(whom === 'engine' ? [] : [running.pid]),
        ...(whom === 'command' ? [] : [server]),
      ]);
      expect(running.said()).not.toContain('lost');
      await endsAfterOneStart(running, project);
    }),
);

test('an attempt that a service orders after a freeze joins the work that still goes on in the worker', () =>
  withProject({}, (project) =>
    withService(project, async ({ address }) => {
      await project.write(filesOf(project.folder));
      const flags = ['--temporal-address', address, '--store', project.path('shared')];
      const worker = project.start(['worker', ...flags, '--state-dir', 'st-worker']);
      await worker.says(/serving/);
      const running = project.start([...RUN, ...flags]);
      await until(() => hasBegun(project), 'the step begins');
      await freeze([worker.pid]);
      const attempts = async (): Promise<number | undefined> => {
        const { stdout } = await project.run(['status', '--json']);
        const { steps } = JSON.parse(stdout) as { steps: readonly { attempts: number }[] };
        return steps[0]?.attempts;
      };
      await until(async () => (await attempts()) === 2, 'a second attempt is ordered', 60_000);
      await endsAfterOneStart(running, project);
    }),
  ));
