import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

import { expect, jest, test } from '@jest/globals';

import { peekEngine, stopEngine } from '../../src/engine/engine.ts';
import { freePort, scrape, startCli, until, withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

import type { Project, Running } from '../harness/cli.ts';

jest.setTimeout(300_000);

const step = (uses: string): string =>
  `profile: p\nsteps: { a: { uses: ${uses}, with: { shell: 'true' } } }\n`;

const FILES = {
  'builder.yaml': 'jobs: [jobs/*.yaml]\n',
  'profiles/p.yaml': step('exec.command'),
};

type Record = {
  readonly run_id: string;
  readonly job: string;
  readonly partition?: string;
  readonly status: string;
  readonly state: string;
  readonly error?: string;
};

async function runsOf(project: Project, job: string): Promise<readonly Record[]> {
  const { stdout } = await project.run(['runs', '--json', '--limit', '1000']);
  const { runs } = JSON.parse(stdout) as { readonly runs: readonly Record[] };
  return runs.filter((run) => run.job === job).toReversed();
}

const job = (name: string, schedule: string, more = ''): string =>
  `job: ${name}\nprofile: p\nschedule: { ${schedule} }\n${more}`;

async function serving(project: Project, ...words: readonly string[]): Promise<Running> {
  const process = project.start(['serve', '--log', 'text', ...words]);
  await process.says(/steps at once/);
  return process;
}

const ended = async (project: Project, name: string): Promise<readonly Record[]> =>
  (await runsOf(project, name)).filter(({ state }) => state === 'closed');

test('what is due is made, an edited file counts from the next run on, and a broken one is told and alerted on', () =>
  withProject(
    { ...FILES, 'jobs/a.yaml': job('alpha', 'every: 2s'), 'jobs/b.yaml': 'job: b\n' },
    async (project) => {
      const port = await freePort();
      const serve = await serving(project, '--prometheus-port', String(port));
      await until(async () => (await ended(project, 'alpha')).length > 0, 'a run is made', 60_000);

      // The profile is read when a run starts.
      await project.write({ 'profiles/p.yaml': step('exec.comand') });
      const failed = await until(
        async () => (await ended(project, 'alpha')).find(({ status }) => status === 'FAIL'),
        'a run fails',
        60_000,
      );
      expect(failed.error).toMatch(/^profiles\/p\.yaml:2:21: UNKNOWN_KIND: .*exec\.command/);
      // What the alert PipelineRunFailed looks at.
      const labels = '{job="alpha",profile="p"}';
      await until(async () => {
        const series = await scrape(port);
        const failedAt = series.get(`pipeline_run_failed_timestamp_seconds${labels}`) ?? 0;
        return failedAt > (series.get(`pipeline_run_completed_timestamp_seconds${labels}`) ?? 0);
      }, 'the alert would fire');

      // The job file says when; while it cannot be read, what it said before holds. As editors write it: a new file.
      await project.write({ 'jobs/.a.yaml': 'job: [a\n' });
      await rename(project.path('jobs/.a.yaml'), project.path('jobs/a.yaml'));
      await serve.says(/jobs\/a\.yaml:\d+:\d+: BAD_YAML: .*what was declared before stays/);
      // What is due meanwhile fails under the name that the alert knows, although nobody can read it now.
      await until(
        async () =>
          (await ended(project, 'alpha')).some(({ error = '' }) =>
            error.startsWith('jobs/a.yaml:'),
          ),
        'a run fails for it',
        60_000,
      );
      await project.write({ 'profiles/p.yaml': step('exec.command') });
      await project.write({ 'jobs/a.yaml': job('alpha', 'every: 1h') });
      await serve.says(/schedule {2}alpha: changed/);
      await rm(project.path('jobs/a.yaml'));
      await serve.says(/schedule {2}alpha: removed/);
      serve.kill('SIGTERM');
      expect(await serve.ended).toMatchObject({ code: 0 });
    },
  ));

test('where no project begins it says so, for jobs below would not be shown', () =>
  withProject({ 'shop/jobs/a.yaml': 'job: a\nprofile: p\n' }, async (project) => {
    await rm(project.path('package.json'));
    const serve = startCli(['serve', '--log', 'text'], { cwd: project.path('shop') });
    await serve.says(/steps at once/);
    expect(serve.said()).toMatch(/^project +none begins here: .*shop\/\.builder.* builder\.yaml/m);
    serve.kill('SIGTERM');
    expect((await serve.ended).code).toBe(0);
    await project.write({ 'shop/builder.yaml': '' });
    const marked = startCli(['serve', '--log', 'text'], { cwd: project.path('shop') });
    await marked.says(/steps at once/);
    expect(marked.said()).not.toContain('none begins here');
    marked.kill('SIGTERM');
    expect((await marked.ended).code).toBe(0);
  }));

test('a second one on the same state folder says so, and leaves the first alone', () =>
  withProject(FILES, async (project) => {
    const first = await serving(project);
    const second = await project.run(['serve']);
    expect(second.code).toBe(2);
    expect(second.stderr).toContain(`process ${first.pid} serves ${project.path('.builder')}`);
    // Killed, it is no longer in the way.
    first.kill('SIGKILL');
    await first.ended;
    const third = await serving(project);
    third.kill('SIGTERM');
    expect(await third.ended).toMatchObject({ code: 0 });
  }));

test('it says everything as JSON lines where no person reads, and is ready and healthy', () =>
  withProject({ ...FILES, 'jobs/a.yaml': job('a', 'every: 1h') }, async (project) => {
    const port = await freePort();
    const serve = project.start(['serve', '--prometheus-port', String(port)]);
    await serve.says(/"msg":"serving"/);
    for (const path of ['readyz', 'healthz']) {
      expect(await fetch(`http://127.0.0.1:${port}/${path}`)).toMatchObject({ status: 200 });
    }
    serve.kill('SIGTERM');
    const { code, stderr, stdout } = await serve.ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const lines = stderr.trimEnd().split('\n');
    const said = lines.map((line) => (JSON.parse(line) as { readonly msg: string }).msg);
    expect(said).toEqual(['engine', 'schedules applied', 'serving', 'stopping', 'stopped']);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ left_open: 0 });
  }));

test('told to stop it says which runs it left open, and how many', () =>
  withProject(
    {
      ...FILES,
      'jobs/a.yaml': job('a', 'every: 5s'),
      'profiles/p.yaml':
        "profile: p\nsteps:\n  long: { uses: exec.command, with: { shell: 'touch $BEGUN; sleep 300', pass_env: [BEGUN] } }\n",
    },
    async (project) => {
      const serve = project.start(['dev'], { BEGUN: project.path('begun') });
      await until(() => existsSync(project.path('begun')), 'the run goes on', 60_000);
      serve.kill('SIGTERM');
      const { code, stderr } = await serve.ended;
      expect(code).toBe(0);
      expect(stderr).toMatch(
        /\nstopping: .*\nrun +(a-\S+) is left open; .*\nstopped +1 run is left open for the next start\n$/,
      );
    },
  ));

test('an engine that is killed is started again, and the run that went on ends once', () =>
  withProject(
    {
      ...FILES,
      'jobs/a.yaml': job('a', 'every: 365d'),
      'profiles/p.yaml':
        'profile: p\nsteps: { a: { uses: exec.command, with: { shell: \'until [ -e "$GO" ]; do sleep 0.05; done\', pass_env: [GO] } } }\n',
    },
    async (project) => {
      const serve = project.start(['serve', '--log', 'text'], { GO: project.path('go') });
      await serve.says(/steps at once/);
      const { stdout } = await project.run(['schedule', 'trigger', 'a', '--json']);
      expect(JSON.parse(stdout)).toMatchObject({ served: true });
      await serve.says(/run {7}a-\d{8}-\d{6} begins/);
      const engine = peekEngine(project.path('.builder'));
      process.kill(engine!.pid, 'SIGKILL');
      await serve.says(/it has ended; it is started again/);
      await project.write({ go: '' });
      const [made, ...more] = await until(
        async () => {
          const all = await ended(project, 'a');
          return all.length > 0 && all;
        },
        'the run ends',
        180_000,
      );
      expect(more).toEqual([]);
      expect(made).toMatchObject({ status: 'OK' });
    },
  ));

test('with a service it keeps the schedules there, and makes what they order', () =>
  withProject(
    {
      ...FILES,
      'jobs/a.yaml': job('a', 'every: 2s, make: all', 'partition: { by: list, values: [n, s] }\n'),
    },
    (project) =>
      withService(project, async ({ address }) => {
        const words = ['--temporal-address', address];
        const serve = await serving(project, ...words);
        const made = await until(
          async () => {
            const runs = await ended(project, 'a');
            return runs.length >= 4 && runs;
          },
          'two rounds are made',
          120_000,
        );
        expect(new Set(made.map(({ status }) => status))).toEqual(new Set(['OK']));
        const { stdout } = await project.run(['schedule', 'list', '--json', ...words]);
        expect(JSON.parse(stdout)).toMatchObject({ schedules: [{ job: 'a', make: 'all' }] });
        serve.kill('SIGTERM');
        expect(await serve.ended).toMatchObject({ code: 0 });
      }),
  ));

/** Stops process and engine for so long. */
async function offFor(project: Project, serve: Running, ms: number): Promise<void> {
  serve.kill('SIGTERM');
  await serve.ended;
  await stopEngine(project.path('.builder'));
  await pause(ms);
}

const times = (runs: readonly Record[]): readonly number[] =>
  runs.map(({ run_id: id }) => {
    const [, date = '', time = ''] = /-(\d{8})-(\d{6})/.exec(id) ?? [];
    const iso = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`;
    return Date.parse(iso) / 1000;
  });

test('what was due while nothing ran is made up for as the policies say, no more and no less', () =>
  withProject(
    {
      ...FILES,
      'jobs/every.yaml': job('every', 'every: 5s, overlap: buffer_all, catch_up: 1h'),
      'jobs/window.yaml': job('window', 'every: 5s, overlap: buffer_all, catch_up: 10s'),
      'jobs/skip.yaml': job('skip', 'every: 5s, overlap: skip, catch_up: 1h'),
    },
    async (project) => {
      const first = await serving(project);
      await until(async () => (await ended(project, 'skip')).length > 0, 'it runs', 60_000);
      await offFor(project, first, 17_000);
      const from = Date.now() / 1000;
      const second = await serving(project);
      const since = async (name: string): Promise<readonly number[]> =>
        times(await ended(project, name)).filter((at) => at > from + 5);
      await until(async () => (await since('every')).length > 1, 'it is up to date', 120_000);
      await until(async () => (await since('window')).length > 0, 'it is up to date', 120_000);
      second.kill('SIGTERM');
      await second.ended;

      const every = times(await runsOf(project, 'every'));
      const first5 = every[0]!;
      // Each time once, in order, without a hole.
      expect(every).toEqual(every.map((_, i) => first5 + 5 * i));
      const window = times(await runsOf(project, 'window')).filter((at) => at <= from);
      // Of the 17 s and more that it was off only the last ten are made up for.
      expect(Math.max(...holes(window), from - window.at(-1)!)).toBeGreaterThanOrEqual(10);
      const missed = times(await runsOf(project, 'skip')).filter(
        (at) => at > from - 17 && at <= from,
      );
      // The first of them goes on while the others are looked at.
      expect(missed.length).toBeLessThanOrEqual(1);
    },
  ));

function holes(at: readonly number[]): readonly number[] {
  return at.slice(1).map((one, i) => one - at[i]!);
}

test('an engine that lost its database has the schedules made again, and two hours made up for', () =>
  withProject(
    {
      ...FILES,
      'jobs/half.yaml': job('half', 'every: 30m, overlap: buffer_all, catch_up: 6h'),
      'jobs/hour.yaml': job('hour', 'every: 30m, overlap: buffer_all, catch_up: 1h'),
      'jobs/still.yaml': job('still', 'every: 30m, overlap: buffer_all, catch_up: 6h'),
    },
    async (project) => {
      const first = await serving(project);
      await project.run(['schedule', 'pause', 'still', '--note', 'on purpose']);
      await until(
        async () =>
          (
            await project.readJson<{ schedules: object }>('.builder/schedules.json')
          ).schedules.toString() !== '' &&
          JSON.stringify(await project.readJson('.builder/schedules.json')).includes('on purpose'),
        'it is remembered',
        30_000,
      );
      await offFor(project, first, 0);
      await rm(project.path('.builder/engine/1.32.0'), { recursive: true });
      const kept = await project.readJson<{ seenAtMs: number }>('.builder/schedules.json');
      const nowMs = Date.now();
      const seenAtMs = nowMs - 2 * 3_600_000;
      await project.write({ '.builder/schedules.json': JSON.stringify({ ...kept, seenAtMs }) });

      const second = await serving(project);
      const due = (from: number): number =>
        Math.floor(nowMs / 1_800_000) - Math.floor(from / 1_800_000);
      // A half hour may strike while this goes on.
      const untilNow = async (name: string): Promise<readonly Record[]> =>
        (await ended(project, name)).filter((run) => times([run])[0]! * 1000 <= nowMs);
      const halves = due(seenAtMs);
      expect(halves).toBe(4);
      const half = await until(
        async () => {
          const runs = await untilNow('half');
          return runs.length >= halves && runs;
        },
        'all are made',
        90_000,
      );
      expect(half.map(({ status }) => status)).toEqual(half.map(() => 'OK'));
      expect(half).toHaveLength(halves);
      const hours = due(nowMs - 3_600_000);
      await until(async () => (await untilNow('hour')).length >= hours, 'those, too');
      expect(await untilNow('hour')).toHaveLength(hours);
      const { stdout } = await project.run(['schedule', 'list', '--json']);
      const { schedules } = JSON.parse(stdout) as { schedules: readonly object[] };
      expect(schedules).toMatchObject([
        { job: 'half', paused: false },
        { job: 'hour', paused: false },
        { job: 'still', paused: true, note: 'on purpose' },
      ]);
      expect(await runsOf(project, 'still')).toEqual([]);
      second.kill('SIGTERM');
      await second.ended;
    },
  ));
