import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { stopEngine } from '../../src/engine/engine.ts';
import { until, withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

import type { Ended, Project, Running } from '../harness/cli.ts';

const FILES = {
  'jobs/j.yaml': 'job: j\nprofile: p\n',
  'profiles/p.yaml': `profile: p
steps:
  one: { uses: exec.command, with: { shell: 'true' } }
`,
};
/** A step that goes on until the file `gate` is there. */
const waiting = (project: Project): string => `profile: p
steps:
  wait:
    uses: exec.command
    with: { shell: 'cd "${project.folder}"; touch begun; while [ ! -e gate ]; do sleep 0.1; done' }
`;
const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out'];

/** A process that does not leave is none that leaves late: the limit only has to be shorter than for ever. */
const LIMIT_MS = 15_000;

async function leaves(running: Running): Promise<Ended> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`it stays:\n${running.said()}`)), LIMIT_MS).unref();
  });
  return Promise.race([running.ended, late]);
}

async function killEngine(project: Project, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const servers = project.path('.builder/engine/servers');
  const [name = ''] = await readdir(servers);
  const pid = Number(/"pid":(\d+)/.exec(await readFile(`${servers}/${name}`, 'utf8'))?.[1]);
  process.kill(pid, signal);
}

test('a namespace that does not exist ends every command at once, with a sentence and exit code 2', () =>
  withProject(FILES, (project) =>
    withService(project, async ({ address }) => {
      const service = ['--temporal-address', address, '--namespace', 'nope'];
      for (const words of [
        ['worker', ...service],
        [...RUN, ...service],
        [...RUN, '--namespace', 'nope'],
      ]) {
        const { code, stderr } = await leaves(project.start(words));
        expect([code, stderr]).toEqual([
          2,
          expect.stringMatching(/^NAMESPACE_NOT_FOUND: Temporal at \S+ has no namespace 'nope'$/m),
        ]);
      }
    }),
  ));

test.each(['SIGTERM', 'SIGHUP'] as const)(
  '%s ends a command that drives a service, says how to go on, and resume does',
  (signal) =>
    withProject(FILES, (project) =>
      withService(project, async ({ address }) => {
        await project.write({ 'profiles/p.yaml': waiting(project) });
        const service = ['--temporal-address', address, '--store', project.path('shared')];
        const worker = project.start(['worker', ...service, '--state-dir', 'st-worker']);
        await worker.says(/serving/);
        const running = project.start([...RUN, ...service]);
        await until(
          async () => (await readdir(project.folder)).includes('begun'),
          'the step has begun',
        );
        running.kill(signal);
        const { code, stderr } = await leaves(running);
        expect(code).toBe(130);
        expect(stderr.trim().split('\n').at(-1)).toMatch(/^suspended .* resume --out out$/);

        const resumed = project.start(['resume', '--out', 'out', ...service]);
        await resumed.says(/^resume /m);
        await project.write({ gate: '' });
        const ended = await leaves(resumed);
        expect([ended.code, ended.stderr]).toEqual([0, expect.stringContaining('1 OK')]);
      }),
    ),
);

test('a service that hangs does not hold a command that is told to leave', () =>
  withProject(FILES, (project) =>
    withService(project, async ({ address, pause }) => {
      const running = project.start([...RUN, '--temporal-address', address]);
      await running.says(/waiting: no worker/);
      pause();
      running.kill('SIGTERM');
      expect(await leaves(running)).toMatchObject({ code: 130 });
    }),
  ));

test('a second Ctrl-C leaves although no worker serves the task queue', () =>
  withProject(FILES, (project) =>
    withService(project, async ({ address }) => {
      const running = project.start([...RUN, '--temporal-address', address]);
      await running.says(/waiting: no worker/);
      running.kill('SIGINT');
      await running.says(/cancelling/);
      running.kill('SIGINT');
      expect(await leaves(running)).toMatchObject({ code: 130 });
    }),
  ));

test('dev starts an engine again that has ended, and still leaves at once when told', () =>
  withProject({}, async (project) => {
    const dev = project.start(['dev']);
    await dev.says(/^serving /m);
    await killEngine(project);
    await dev.says(/it is started again/);
    await dev.says(/^serving [^]*^serving /m);
    dev.kill('SIGTERM');
    expect(await leaves(dev)).toMatchObject({ code: 0 });
  }));

test('told to leave with --json it prints one document that says how to go on, and cancel finds nothing going on', () =>
  withProject(FILES, async (project) => {
    await project.write({ 'profiles/p.yaml': waiting(project) });
    const running = project.start([...RUN, '--json']);
    await until(async () => (await readdir(project.folder)).includes('begun'), 'the step begins');
    running.kill('SIGTERM');
    const { code, stdout } = await leaves(running);
    expect([code, JSON.parse(stdout)]).toEqual([
      130,
      {
        run_id: expect.stringMatching(/^j-/),
        state: 'open',
        exit_code: 130,
        resume: expect.stringContaining('resume --out'),
      },
    ]);
    await stopEngine(project.path('.builder'));
    const cancelled = await project.run(['cancel']);
    expect(cancelled).toMatchObject({ code: 2 });
    expect(cancelled.stderr).toContain('NOTHING_TO_CANCEL');
  }));

test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
  '%s right after the first line, before there is an engine, ends with 130 and says how to go on',
  (signal) =>
    withProject(FILES, async (project) => {
      const running = project.start(RUN);
      await running.says(/^run /m);
      running.kill(signal);
      // The second Ctrl-C leaves the run that the first one has cancelled open.
      if (signal === 'SIGINT') {
        await running.says(/^cancelling/m);
        running.kill(signal);
      }
      const { code, stderr } = await leaves(running);
      expect([code, stderr]).toEqual([
        130,
        expect.stringMatching(/^suspended j-\S+; go on with: builder_cli resume --out out$/m),
      ]);
      const resumed = await project.run(['resume', '--out', 'out']);
      expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('1 OK')]);
    }),
);

test('a run is cancelled by a Ctrl-C that comes before there is an engine', () =>
  withProject(FILES, async (project) => {
    const running = project.start(RUN);
    await running.says(/^run /m);
    running.kill('SIGINT');
    const { code, stderr } = await leaves(running);
    expect([code, stderr]).toEqual([130, expect.stringMatching(/^cancelling[^]*CANCELLED/m)]);
  }));

test('a server that was told to end just before a command adopts it is started again', () =>
  withProject(FILES, async (project) => {
    const dev = project.start(['dev']);
    await dev.says(/^serving /m);
    await killEngine(project, 'SIGTERM');
    const { code, stderr } = await leaves(project.start(RUN));
    expect([code, stderr]).toEqual([0, expect.stringContaining('1 OK')]);
    dev.kill('SIGTERM');
    expect(await leaves(dev)).toMatchObject({ code: 0 });
  }));

test('a step that works while its engine is killed is finished, and resume keeps its result', () =>
  withProject(FILES, async (project) => {
    await project.write({ 'profiles/p.yaml': waiting(project) });
    const running = project.start(RUN);
    await until(async () => (await readdir(project.folder)).includes('begun'), 'the step begins');
    await killEngine(project);
    await running.says(/^waiting: the engine has ended; the step that is being worked on/m);
    await project.write({ gate: '' });
    const { code, stderr } = await leaves(running);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/ENGINE_LOST[^]*resume --out out/)]);
    // Executed again it would begin again.
    await rm(project.path('begun'));
    const resumed = await project.run(['resume', '--out', 'out']);
    expect([resumed.code, await readdir(project.folder)]).toEqual([
      0,
      expect.not.arrayContaining(['begun']),
    ]);
  }));

test('a signal that comes once the run is over changes its exit code no more', () =>
  withProject(FILES, async (project) => {
    const running = project.start(RUN);
    await running.says(/^ {2}record /m);
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) running.kill(signal);
    expect(await leaves(running)).toMatchObject({ code: 0 });
  }));

const ENDLESS = fileURLToPath(new URL('processes/signals-without-end.mjs', import.meta.url));

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s again and again, until the process is gone, leaves a run that is over its exit code',
  (signal) =>
    withProject(FILES, async (project) => {
      const running = project.start(RUN);
      await running.says(/^ {2}record /m);
      const sender = fork(ENDLESS, [String(running.pid), signal]);
      const { code } = await leaves(running);
      expect([code, running.child.signalCode]).toEqual([0, null]);
      if (sender.exitCode === null) await once(sender, 'exit');
    }),
);
