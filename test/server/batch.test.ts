import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { until, withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';

import type { Ended, Project } from '../harness/cli.ts';

jest.setTimeout(300_000);

const NAMES = ['north', 'south', 'east', 'west'];

/** All jobs share the step `slow`; each one's own step waits for `go`, and fails while `bad/NAME` is there. */
const FILES = {
  'builder.yaml': 'jobs: [jobs/*.yaml]\n',
  'data/orders.csv': 'id\n1\n2\n',
  'scripts/slow.sh': 'echo slow >> "$MARKS"; until [ -e "$GO" ]; do sleep 0.05; done\n',
  'profiles/p.yaml': `
profile: p
concurrency: 4
steps:
  orders: { uses: collect.files, with: { from: ../data/orders.csv } }
  slow:
    uses: exec.command
    needs: [orders]
    with:
      files: [../scripts/slow.sh]
      shell: 'sh slow.sh; echo n > t.csv; echo 1 >> t.csv'
      env: { MARKS: '\${{ params.marks }}', GO: '\${{ params.go }}' }
      outputs: { table: { path: t.csv } }
  own:
    uses: exec.command
    needs: [slow]
    retry: { attempts: 1 }
    with:
      shell: 'echo $ME >> "$MARKS"; until [ -e "$GO" ]; do sleep 0.05; done; test ! -e "$BAD/$ME"'
      env: { ME: '\${{ job.name }}', MARKS: '\${{ params.marks }}', GO: '\${{ params.go }}', BAD: '\${{ params.bad }}' }
  month: { uses: transform.sql, needs: [slow, own], with: { sql: "select n, \${{ job.name }} as job from slow" } }
  files: { uses: export.dataset, with: { from: month, formats: [csv] } }
`,
  go: '',
};

const jobOf = (name: string, more = ''): string => `
job: ${name}
profile: p
params: { marks: { type: string }, go: { type: string }, bad: { type: string } }
${more}`;
const JOBS = Object.fromEntries(NAMES.map((name) => [`jobs/${name}.yaml`, jobOf(name)]));
const ALL = { ...FILES, ...JOBS };

const params = (project: Project): readonly string[] =>
  ['marks', 'go', 'bad'].flatMap((name) => ['-p', `${name}=${project.path(name)}`]);
const words = (project: Project, more: readonly string[] = []): readonly string[] => [
  ...['batch', '--job', 'jobs/*.yaml', '--out', 'out', ...params(project), ...more],
];
const batch = (project: Project, more: readonly string[] = []): Promise<Ended> =>
  project.run(words(project, more));

type Row = {
  readonly job: string;
  readonly partition?: string;
  readonly status: string;
  readonly run_id: string;
  readonly reason?: string;
};
type Report = {
  readonly batch_id: string;
  readonly state: string;
  readonly exit_code: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly runs: readonly Row[];
};
const reportOf = ({ stdout }: Ended): Report => JSON.parse(stdout) as Report;
const marks = async (project: Project): Promise<readonly string[]> => {
  const text = await readFile(project.path('marks'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
};
const count = async (project: Project, mark: string): Promise<number> =>
  (await marks(project)).filter((line) => line === mark).length;
const recorded = async (project: Project) => {
  const { stdout } = await project.run(['runs', '--limit', '1000', '--json']);
  type Run = { run_id: string; job: string; status: string; ordered_by?: object };
  return (JSON.parse(stdout) as { runs: Run[] }).runs;
};

test('makes every job once, into a folder each; what fails or is broken stops no other; shared work is done once', () =>
  withProject(
    { ...ALL, 'jobs/broken.yaml': jobOf('broken').replace('profile: p', 'profile: q') },
    async (project) => {
      await mkdir(project.path('bad'));
      await writeFile(project.path('bad/south'), '');
      const made = await batch(project, ['--json']);
      expect(made.code).toBe(1);
      const report = reportOf(made);
      expect(report).toMatchObject({ state: 'done', exit_code: 1, counts: { OK: 3, FAIL: 2 } });
      expect(report.runs.map(({ job, status }) => [job, status])).toEqual([
        ['broken', 'FAIL'],
        ['east', 'OK'],
        ['north', 'OK'],
        ['south', 'FAIL'],
        ['west', 'OK'],
      ]);
      expect(report.runs[0]?.reason).toContain('jobs/broken.yaml:3:');
      expect(report.runs[3]?.reason).toContain("step 'own' ended FAIL");
      expect((await readdir(project.path('out'))).filter((name) => !name.startsWith('.'))).toEqual([
        ...['east', 'north', 'west'],
      ]);
      expect(await readFile(project.path('out/west/month.csv'), 'utf8')).toBe('n,job\n1,west\n');
      expect((await marks(project)).toSorted()).toEqual(['slow', ...NAMES].toSorted());
      const runs = await recorded(project);
      expect(runs.map(({ job }) => job).toSorted()).toEqual(['broken', ...NAMES].toSorted());
      for (const { ordered_by: by } of runs) {
        expect(by).toEqual({ by: 'batch', id: report.batch_id });
      }
      // What was not made is made by the next, and nothing else.
      await rm(project.path('bad'), { recursive: true });
      await project.write({ 'jobs/broken.yaml': jobOf('broken') });
      const rest = await project.run(['batch', 'resume', '--json']);
      expect([rest.code, reportOf(rest).runs.map(({ job }) => job)]).toEqual([
        0,
        ['broken', 'south'],
      ]);
      expect(await count(project, 'slow')).toBe(1);
    },
  ));

test('of equal steps at the same time one is executed, and the others take its result', () =>
  withProject(ALL, async (project) => {
    await rm(project.path('go'));
    const running = project.start(words(project, ['--json']));
    await until(async () => {
      const logs = await Promise.all(
        (await recorded(project)).map(({ run_id: id }) =>
          readFile(project.path(`.builder/runs/${id}/logs/slow.log`), 'utf8').catch(() => ''),
        ),
      );
      return logs.filter((text) => text.includes('waits for an equal step')).length === 3;
    }, 'three wait for the fourth');
    expect(await marks(project)).toEqual(['slow']);
    await writeFile(project.path('go'), '');
    const { code, stdout } = await running.ended;
    expect([code, await count(project, 'slow')]).toEqual([0, 1]);
    const statuses = await Promise.all(
      (JSON.parse(stdout) as Report).runs.map(async ({ job }) => {
        const { steps } = await project.readJson<{ steps: { id: string; status: string }[] }>(
          `out/${job}/run.json`,
        );
        return steps.find(({ id }) => id === 'slow')?.status;
      }),
    );
    expect(statuses.toSorted()).toEqual(['CACHED', 'CACHED', 'CACHED', 'OK']);
  }));

test('a batch that was killed and is typed again goes on: every job is made once, and right', () =>
  withProject(ALL, async (project) => {
    expect((await batch(project)).code).toBe(0);
    const right = await contentOf(project.path('out'));
    for (const path of ['out', '.builder', 'marks', 'go']) {
      await rm(project.path(path), { recursive: true, force: true });
    }
    const killed = project.start(words(project, ['--at-most', '3']));
    await until(async () => (await marks(project)).length === 1, 'one is at the shared step');
    killed.kill('SIGKILL');
    await killed.ended;
    expect(reportOf(await project.run(['batch', 'status', '--json'])).state).toBe('left');
    await writeFile(project.path('go'), '');
    const again = await batch(project, ['--json']);
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('resume    batch-')]);
    expect(reportOf(again)).toMatchObject({ state: 'done', counts: { OK: 4 } });
    expect(await contentOf(project.path('out'))).toEqual(right);
    const runs = await recorded(project);
    expect([runs.length, new Set(runs.map(({ status }) => status))]).toEqual([4, new Set(['OK'])]);
    // Once before it was killed, once after.
    expect(await count(project, 'slow')).toBe(2);
    for (const name of NAMES) expect(await count(project, name)).toBe(1);
  }));

test('a batch is paused, gone on with and cancelled from outside, by its id', () =>
  withProject(ALL, async (project) => {
    await rm(project.path('go'));
    const running = project.start(words(project, ['--at-most', '1']));
    await until(async () => (await marks(project)).length === 1, 'a run goes on');
    expect((await project.run(['batch', 'pause'])).code).toBe(0);
    await running.says(/paused/);
    await writeFile(project.path('go'), '');
    await until(async () => {
      const { counts } = reportOf(await project.run(['batch', 'status', '--json']));
      return counts['OK'] === 1 && counts['WAITING'] === 3;
    }, 'what ran is finished');
    const { stdout } = await project.run(['batch', 'list']);
    expect(stdout).toMatch(/ {2}paused .* 4 {2}east, north, south, west {2}out\n/);
    await rm(project.path('go'));
    expect((await project.run(['batch', 'resume'])).code).toBe(0);
    await until(async () => (await count(project, 'north')) === 1, 'the next one goes on');
    const [id = ''] = stdout.split('  ');
    expect((await project.run(['cancel', id])).code).toBe(0);
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([130, expect.stringContaining('1 CANCELLED, 1 OK, 2 WAITING')]);
  }));

test('without --out each job has its own folder, and jobs that are cut make what --partition says', () =>
  withProject(
    {
      ...FILES,
      'jobs/a.yaml': jobOf('a', 'schedule: { every: 1d, out: ../made/a }\n'),
      'jobs/b.yaml': jobOf('b', 'partition: { by: list, values: [x, y] }\n'),
    },
    async (project) => {
      const shown = [...['batch', ...params(project)], '--partition', 'x', '--partition', 'z'];
      const dry = await project.run([...shown, '--dry-run']);
      expect(dry.stdout).toBe('a  made/a\nb  x  out/b\nb  z  out/b\n');
      const made = await project.run([...shown, '--json']);
      expect(made.code).toBe(2);
      expect(reportOf(made).runs).toMatchObject([
        { job: 'a', status: 'OK', out: project.path('made/a') },
        { job: 'b', partition: 'x', status: 'OK' },
        {
          job: 'b',
          partition: 'z',
          status: 'FAIL',
          reason: '--partition z: BAD_PARTITION: there are x, y',
        },
      ]);
      expect(await readdir(project.path('out/b/x'))).toContain('month.csv');
      const same = { 'jobs/c.yaml': jobOf('a') };
      await project.write(same);
      const twice = await project.run([...shown, '--dry-run']);
      expect([twice.code, twice.stderr]).toEqual([
        2,
        expect.stringContaining("jobs/a.yaml and jobs/c.yaml are both of a job 'a'"),
      ]);
    },
  ));
