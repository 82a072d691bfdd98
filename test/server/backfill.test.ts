import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { freePort, scrape, until, withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';

import type { Ended, Project } from '../harness/cli.ts';

jest.setTimeout(300_000);

const IDS = Array.from({ length: 8 }, (_, i) => `p${String(i + 1).padStart(2, '0')}`);

/** Each partition's own step tells that it was executed, waits for `go`, and fails while `bad/ID` is there. */
const FILES = {
  'jobs/j.yaml': `
job: parts
profile: p
partition: { by: list, values: [${IDS.join(', ')}] }
inputs: { orders: { path: '../data/\${{ partition.id }}.csv' } }
`,
  'profiles/p.yaml': `
profile: p
steps:
  orders: { uses: collect.files, with: { from: '\${{ inputs.orders }}' } }
  gate:
    uses: exec.command
    needs: [orders]
    retry: { attempts: 1 }
    with:
      shell: 'echo $ID >> "$MARKS"; until [ -e "$GO" ]; do sleep 0.05; done; test ! -e "$BAD/$ID"'
      env: { ID: '\${{ partition.id }}' }
      pass_env: [MARKS, GO, BAD]
  month: { uses: transform.sql, needs: [orders, gate], with: { sql: "select id, \${{ partition.id }} as part from orders" } }
  files: { uses: export.dataset, with: { from: month, formats: [csv] } }
`,
  go: '',
  ...Object.fromEntries(IDS.map((id, i) => [`data/${id}.csv`, `id\n${i}\n`])),
};
const BACKFILL = ['backfill', '--job', 'jobs/j.yaml', '--out', 'out'];

type Row = {
  readonly partition: string;
  readonly status: string;
  readonly reason?: string;
  readonly log?: string;
};
type Report = {
  readonly backfill_id: string;
  readonly state: string;
  readonly exit_code: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly partitions: readonly Row[];
};

const env = (project: Project) => ({
  MARKS: project.path('marks'),
  GO: project.path('go'),
  BAD: project.path('bad'),
});
const backfill = (project: Project, words: readonly string[] = []): Promise<Ended> =>
  project.run([...BACKFILL, ...words], env(project));
const reportOf = ({ stdout }: Ended): Report => JSON.parse(stdout) as Report;
const made = (report: Report): readonly string[] => report.partitions.map((row) => row.partition);
const marks = async (project: Project): Promise<readonly string[]> => {
  const text = await readFile(project.path('marks'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
};
const recorded = async (project: Project) => {
  const { stdout } = await project.run(['runs', '--limit', '1000', '--json']);
  return (JSON.parse(stdout) as { runs: { run_id: string; status: string; ordered_by?: object }[] })
    .runs;
};
const bad = async (project: Project, ids: readonly string[]): Promise<void> => {
  await mkdir(project.path('bad'), { recursive: true });
  for (const id of ids) await writeFile(project.path(`bad/${id}`), '');
};

test('makes what is missing; again, only what failed; mended, exactly that; and what an input changed', () =>
  withProject(FILES, async (project) => {
    const failing = ['p03', 'p05', 'p07'];
    await bad(project, failing);
    const first = await backfill(project, ['--json']);
    expect(first.code).toBe(1);
    const report = reportOf(first);
    expect(report).toMatchObject({ state: 'done', exit_code: 1, counts: { OK: 5, FAIL: 3 } });
    expect(made(report)).toEqual(IDS);
    const failed = report.partitions.filter(({ status }) => status === 'FAIL');
    expect(failed.map(({ partition }) => partition)).toEqual(failing);
    for (const { reason, log = '' } of failed) {
      expect(reason).toContain("step 'gate' ended FAIL");
      expect(await readFile(log, 'utf8')).toContain('attempt 1');
    }

    const second = await backfill(project, ['--json']);
    expect([second.code, made(reportOf(second))]).toEqual([1, failing]);
    expect(await marks(project)).toHaveLength(11);

    await rm(project.path('bad'), { recursive: true });
    const third = await backfill(project, ['--json']);
    expect([third.code, made(reportOf(third))]).toEqual([0, failing]);
    expect((await marks(project)).slice(11).toSorted()).toEqual(failing);
    const fourth = await backfill(project);
    expect([fourth.code, fourth.stderr]).toEqual([0, expect.stringContaining('nothing to make')]);

    await writeFile(project.path('data/p04.csv'), 'id\n55\n');
    const stale = await backfill(project, ['--stale', '--json']);
    expect([stale.code, made(reportOf(stale))]).toEqual([0, ['p04']]);
    expect(await readFile(project.path('out/p04/month.csv'), 'utf8')).toBe('id,part\n55,p04\n');

    // One record for each that was made, and each names its backfill.
    const runs = await recorded(project);
    expect(runs).toHaveLength(8 + 3 + 3 + 1);
    for (const { ordered_by: by } of runs) expect(by).toMatchObject({ by: 'backfill' });
  }));

test('a range, a choice and a bound are kept; what is unchanged is answered by the store', () =>
  withProject(FILES, async (project) => {
    const dry = await project.run([...BACKFILL, '--from', 'p03', '--to', 'p05', '--dry-run']);
    expect([dry.code, dry.stdout]).toEqual([0, 'p03\np04\np05\n']);
    await rm(project.path('go'));
    const running = project.start(
      [...BACKFILL, '--from', 'p03', '--to', 'p08', '--at-most', '2', '--json'],
      env(project),
    );
    await until(async () => (await marks(project)).length === 2, 'two runs go on');
    await writeFile(project.path('go'), '');
    const { code, stdout } = await running.ended;
    expect([code, made(JSON.parse(stdout) as Report)]).toEqual([0, IDS.slice(2, 8)]);
    const all = await backfill(project, ['--from', 'p03', '--to', 'p08', '--all', '--json']);
    expect(reportOf(all).counts).toEqual({ OK: 6 });
    const { steps } = await project.readJson<{ steps: { status: string }[] }>('out/p03/run.json');
    expect(steps.map(({ status }) => status)).toEqual(['CACHED', 'OK', 'CACHED', 'CACHED']);
    const wrong = await backfill(project, ['--from', 'p05', '--to', 'p04']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('BAD_PARTITION')]);
  }));

test('killed and typed again it goes on: every partition is made once, and right', () =>
  withProject(FILES, async (project) => {
    const undisturbed = await backfill(project);
    expect(undisturbed.code).toBe(0);
    const right = await contentOf(project.path('out'));
    for (const path of ['out', '.builder', 'marks', 'go']) {
      await rm(project.path(path), { recursive: true, force: true });
    }
    const killed = project.start([...BACKFILL, '--at-most', '3'], env(project));
    await until(async () => (await marks(project)).length === 3, 'three runs go on');
    killed.kill('SIGKILL');
    await killed.ended;
    expect(reportOf(await project.run(['backfill', 'status', '--json'])).state).toBe('left');

    await writeFile(project.path('go'), '');
    const other = await backfill(project, ['--from', 'p02']);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('BACKFILL_OPEN')]);
    const again = await backfill(project, ['--json']);
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('resume ')]);
    expect(reportOf(again)).toMatchObject({ state: 'done', counts: { OK: 8 } });
    expect(await contentOf(project.path('out'))).toEqual(right);
    const runs = await recorded(project);
    expect([runs.length, new Set(runs.map(({ status }) => status))]).toEqual([8, new Set(['OK'])]);
  }));

test('told to stop it is left open, and gone on with by its id; Ctrl-C cancels all of it as one', () =>
  withProject(FILES, async (project) => {
    await rm(project.path('go'));
    const left = project.start([...BACKFILL, '--at-most', '2'], env(project));
    await until(async () => (await marks(project)).length === 2, 'two runs go on');
    left.kill('SIGTERM');
    const { code, stderr } = await left.ended;
    expect([code, stderr]).toEqual([
      130,
      expect.stringContaining('go on with: builder_cli backfill resume'),
    ]);
    const [, id = ''] = /backfill resume (\S+)/.exec(stderr) ?? [];

    const resumed = project.start(['resume', id], env(project));
    await until(async () => (await marks(project)).length === 4, 'they go on again');
    const busy = await backfill(project);
    expect([busy.code, busy.stderr]).toEqual([
      2,
      expect.stringContaining(`backfill ${id} goes on in process`),
    ]);
    resumed.kill('SIGINT');
    const ended = await resumed.ended;
    expect([ended.code, ended.stderr]).toEqual([
      130,
      expect.stringContaining('2 CANCELLED, 6 WAITING'),
    ]);
    const runs = await recorded(project);
    expect(runs.map(({ status }) => status)).toEqual(['CANCELLED', 'CANCELLED']);

    await writeFile(project.path('go'), '');
    const rest = await project.run(['backfill', 'resume', id, '--json'], env(project));
    expect([rest.code, reportOf(rest).counts]).toEqual([0, { OK: 8 }]);
  }));

test('paused it begins nothing more, resumed it goes on, cancelled from outside it ends', () =>
  withProject(FILES, async (project) => {
    await rm(project.path('go'));
    const running = project.start([...BACKFILL, '--at-most', '2'], env(project));
    await until(async () => (await marks(project)).length === 2, 'two runs go on');
    expect((await project.run(['backfill', 'pause'])).code).toBe(0);
    await running.says(/paused/);
    await writeFile(project.path('go'), '');
    await until(async () => {
      const { counts } = reportOf(await project.run(['backfill', 'status', '--json']));
      return counts['OK'] === 2 && counts['WAITING'] === 6;
    }, 'what ran is finished');
    const list = await project.run(['backfill', 'list']);
    expect(list.stdout).toContain('  paused  ');
    expect(await marks(project)).toHaveLength(2);

    await rm(project.path('go'));
    expect((await project.run(['backfill', 'resume'])).code).toBe(0);
    await running.says(/goes on/);
    await until(async () => (await marks(project)).length === 4, 'the next two go on');
    const { stdout } = await project.run(['backfill', 'list', '--json']);
    const [{ backfill_id: id }] = (JSON.parse(stdout) as { backfills: [{ backfill_id: string }] })
      .backfills;
    expect((await project.run(['cancel', id])).code).toBe(0);
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([130, expect.stringContaining('2 CANCELLED, 2 OK, 4 WAITING')]);
  }));

test('a partition that another run holds is said, and is made the next time', () =>
  withProject(FILES, async (project) => {
    await rm(project.path('go'));
    const one = project.start(
      ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out', '--partition', 'p02'],
      env(project),
    );
    await until(async () => (await marks(project)).length === 1, 'its run goes on');
    const running = project.start([...BACKFILL, '--to', 'p03', '--json'], env(project));
    await running.says(/p02 +HELD/);
    await writeFile(project.path('go'), '');
    const { code, stdout } = await running.ended;
    const held = (JSON.parse(stdout) as Report).partitions[1];
    expect([code, held]).toEqual([
      2,
      expect.objectContaining({ partition: 'p02', status: 'HELD' }),
    ]);
    expect((await one.ended).code).toBe(0);
    const next = await backfill(project, ['--to', 'p03']);
    expect([next.code, next.stderr]).toEqual([0, expect.stringContaining('nothing to make')]);
  }));

test('a mistake in the files is told at once, with its place; a missing input is its partition’s own', () =>
  withProject(FILES, async (project) => {
    await rm(project.path('data/p02.csv'));
    const some = await backfill(project, ['--to', 'p03', '--json']);
    expect(some.code).toBe(2);
    expect(reportOf(some).partitions[1]).toMatchObject({
      ...{ partition: 'p02', status: 'FAIL' },
      reason: expect.stringContaining('jobs/j.yaml:5:'),
    });
    const profile = await readFile(project.path('profiles/p.yaml'), 'utf8');
    await writeFile(
      project.path('profiles/p.yaml'),
      profile.replace('transform.sql', 'transfrom.sql'),
    );
    const wrong = await backfill(project);
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('p.yaml:13:18: UNKNOWN_KIND'),
    ]);
    expect(await recorded(project)).toHaveLength(3);
  }));

test('its metrics agree with its records, and have no series for partitions', () =>
  withProject(FILES, async (project) => {
    await bad(project, ['p03', 'p07']);
    const port = await freePort();
    const at = ['--prometheus-port', String(port), '--prometheus-address', '127.0.0.1'];
    const running = project.start([...BACKFILL, ...at, '--linger', '60'], env(project));
    await running.says(/FAIL .*6 OK/);
    const seen = await scrape(port);
    const run = (status: string) =>
      seen.get(`pipeline_run_status_total{job="parts",profile="p",status="${status}"}`);
    expect([run('OK'), run('FAIL')]).toEqual([6, 2]);
    const step = (name: string, status: string) =>
      seen.get(
        `pipeline_step_status_total{job="parts",profile="p",step="${name}",status="${status}"}`,
      );
    expect([step('gate', 'OK'), step('gate', 'FAIL'), step('month', 'SKIPPED')]).toEqual([6, 2, 2]);
    const series = [...seen.keys()].filter((name) => name.includes('job="parts"'));
    expect(
      series.filter((name) => !/^pipeline_run_(failed_)?info/.test(name) && /p0\d/.test(name)),
    ).toEqual([]);
    running.kill('SIGINT');
    expect((await running.ended).code).toBe(1);
  }));
