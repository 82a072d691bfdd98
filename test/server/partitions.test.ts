import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';

import type { Project } from '../harness/cli.ts';

jest.setTimeout(180_000);

const FILES = {
  'data/2026-01.csv': 'id,amount\n1,1.5\n',
  'data/2026-02.csv': 'id,amount\n2,2.5\n3,3.5\n',
  'data/2026-03.csv': 'id,amount\n4,4.5\n',
  'jobs/sales.yaml': `
job: sales
profile: monthly
partition: { by: month, start: 2026-01, end: 2026-03, timezone: Europe/Amsterdam }
inputs: { orders: { path: '../data/\${{ partition.id }}.csv' } }
`,
  'profiles/monthly.yaml': `
profile: monthly
steps:
  orders: { uses: collect.files, with: { from: '\${{ inputs.orders }}' } }
  month:
    uses: transform.sql
    needs: [orders]
    with:
      sql: select id, amount, \${{ partition.id }} as month, \${{ partition.start }} as first, \${{ partition.end }} - 1 as last from orders
  files: { uses: export.dataset, with: { from: month, formats: [csv] } }
`,
};
const JOB = ['--job', 'jobs/sales.yaml', '--out', 'out'];
const RUN = ['run-profile', ...JOB];

type Row = {
  readonly id: string;
  readonly stale?: boolean | 'unknown';
  readonly why?: string;
  readonly last_run?: { readonly status: string };
  readonly delivered?: { readonly rows: number };
};

async function matrix(project: Project): Promise<readonly Row[]> {
  const { code, stdout, stderr } = await project.run(['partitions', ...JOB, '--json']);
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { partitions: Row[] }).partitions;
}

test('each partition is made by a run of its own into a folder of its own, under one manifest', () =>
  withProject(FILES, async (project) => {
    const latest = await project.run(RUN);
    expect([latest.code, latest.stderr]).toEqual([0, expect.stringContaining('partition 2026-03')]);
    const all = await project.run([...RUN, '--partition', 'missing', '--json']);
    const { partitions, exit_code } = JSON.parse(all.stdout) as {
      partitions: { partition: string; exit_code: number; result: { partition: string } }[];
      exit_code: number;
    };
    expect(exit_code).toBe(0);
    expect(partitions.map(({ partition, result }) => [partition, result.partition])).toEqual([
      ['2026-01', '2026-01'],
      ['2026-02', '2026-02'],
    ]);
    expect(await readFile(project.path('out/2026-02/month.csv'), 'utf8')).toBe(
      'id,amount,month,first,last\n2,2.5,2026-02,2026-02-01,2026-02-28\n3,3.5,2026-02,2026-02-01,2026-02-28\n',
    );
    expect(await project.readJson('out/2026-02/run.json')).toMatchObject({ partition: '2026-02' });
    expect(await readdir(project.path('out'))).toEqual([
      '2026-01',
      '2026-02',
      '2026-03',
      'manifest.json',
    ]);
    const whole = await project.readJson('out/manifest.json');
    expect(whole).toMatchObject({
      job: 'sales',
      partitions: [
        { id: '2026-01', rows: 1 },
        { id: '2026-02', rows: 2 },
        { id: '2026-03', rows: 1 },
      ],
    });

    const none = await project.run([...RUN, '--partition', 'missing']);
    expect([none.code, none.stderr]).toEqual([0, expect.stringContaining('nothing to make')]);
    const rows = await matrix(project);
    expect(rows.map(({ id, stale, last_run }) => [id, stale, last_run?.status])).toEqual([
      ['2026-01', false, 'OK'],
      ['2026-02', false, 'OK'],
      ['2026-03', false, 'OK'],
    ]);
  }));

test('an input that changed makes its partition stale and no other, and says what changed', () =>
  withProject(FILES, async (project) => {
    await project.run([...RUN, '--partition', 'missing']);
    await writeFile(project.path('data/2026-02.csv'), 'id,amount\n2,2.5\n');
    const stale = (await matrix(project)).filter((row) => row.stale !== false);
    expect(stale.map(({ id, why }) => [id, why])).toEqual([
      ['2026-02', 'orders: source file 2026-02.csv changed'],
    ]);
    const again = await project.run([...RUN, '--partition', '2026-02', '--json']);
    const { steps } = JSON.parse(again.stdout) as { steps: { status: string }[] };
    expect(steps.map(({ status }) => status)).toEqual(['OK', 'OK', 'OK']);
    expect((await matrix(project)).map(({ stale: is }) => is)).toEqual([false, false, false]);
  }));

test('a delivery that is not what a run would deliver now is stale, though the store has all of it', () =>
  withProject(FILES, async (project) => {
    await project.run([...RUN, '--partition', 'missing']);
    const profile = await readFile(project.path('profiles/monthly.yaml'), 'utf8');
    const other = profile.replace('id, amount,', 'id, amount * 2 as amount,');
    await writeFile(project.path('profiles/monthly.yaml'), other);
    // Tried elsewhere: from now on its results are in the store.
    const tried = ['run-profile', '--job', 'jobs/sales.yaml', '--out', 'tried'];
    expect((await project.run([...tried, '--partition', '2026-01'])).code).toBe(0);
    const why = 'month: another result was delivered';
    expect((await matrix(project))[0]).toMatchObject({ id: '2026-01', stale: true, why });
    await writeFile(project.path('profiles/monthly.yaml'), profile);
    expect((await matrix(project)).map(({ stale }) => stale)).toEqual([false, false, false]);
    await rm(project.path('out/2026-02/month.csv'));
    expect((await matrix(project))[1]).toMatchObject({ stale: true, why: 'a file of it is gone' });
  }));

test('a partition that fails does not stop the others, and is the one that is made the next time', () =>
  withProject(FILES, async (project) => {
    await writeFile(project.path('data/2026-02.csv'), 'id,amount\n2,2.5,7\n');
    const first = await project.run([...RUN, '--partition', 'missing']);
    expect([first.code, first.stderr]).toEqual([
      1,
      expect.stringContaining('2 of 3 partitions made'),
    ]);
    expect((await matrix(project)).map(({ id, last_run }) => [id, last_run?.status])).toEqual([
      ['2026-01', 'OK'],
      ['2026-02', 'FAIL'],
      ['2026-03', 'OK'],
    ]);
    await writeFile(project.path('data/2026-02.csv'), 'id,amount\n2,2.5\n');
    const second = await project.run([...RUN, '--partition', 'missing']);
    expect(second.stderr).toContain('partition 2026-02');
    expect([second.code, second.stderr]).toEqual([0, expect.stringContaining('OK')]);
    expect(await readdir(project.path('out'))).toContain('2026-02');
  }));

test('a killed run of a partition is gone on with by its folder, and by the folder of all', () =>
  withProject(
    {
      ...FILES,
      'profiles/monthly.yaml': `${FILES['profiles/monthly.yaml']}  hold:
    uses: exec.command
    needs: [month]
    with: { shell: 'until [ -e "$GO" ]; do sleep 0.05; done', env: { GO: '\${{ params.go }}' } }
`,
      'jobs/sales.yaml': `${FILES['jobs/sales.yaml']}params: { go: { type: string } }\n`,
    },
    async (project) => {
      const go = ['-p', `go=${project.path('go')}`];
      const killed = project.start([...RUN, ...go, '--partition', '2026-01']);
      await killed.says(/month +OK/);
      killed.kill('SIGTERM');
      const { code, stderr } = await killed.ended;
      expect(code).toBe(130);
      expect(stderr).toContain('resume --out out/2026-01');
      await writeFile(project.path('go'), '');
      const resumed = await project.run(['resume', '--out', 'out']);
      expect([resumed.code, resumed.stderr]).toEqual([
        0,
        expect.stringContaining('1 of 1 partitions made'),
      ]);
      const undisturbed = await contentOf(project.path('out'));
      await rm(project.path('out'), { recursive: true });
      expect((await project.run([...RUN, ...go, '--partition', '2026-01'])).code).toBe(0);
      const alone = await contentOf(project.path('out'));
      const files = ['2026-01/month.csv', '2026-01/manifest.json', 'manifest.json'] as const;
      for (const file of files) expect(alone[file]).toEqual(undisturbed[file]);
    },
  ));

test('a folder that was filled in another form is refused, and nothing in it is touched', () =>
  withProject(
    {
      ...FILES,
      'jobs/whole.yaml':
        "job: sales\nprofile: whole\ninputs: { orders: { path: '../data/*.csv' } }\n",
      'profiles/whole.yaml':
        "profile: whole\nsteps:\n  orders: { uses: collect.files, with: { from: '${{ inputs.orders }}' } }\n  files: { uses: export.dataset, with: { from: orders, formats: [csv] } }\n",
    },
    async (project) => {
      const whole = (out: string) => ['run-profile', '--job', 'jobs/whole.yaml', '--out', out];
      expect((await project.run(RUN)).code).toBe(0);
      const before = await contentOf(project.path('out'));
      const refused = await project.run(whole('out'));
      expect([refused.code, refused.stderr]).toEqual([
        2,
        expect.stringContaining('OUT_OTHER_FORM: out holds partitions of job sales'),
      ]);
      expect(await contentOf(project.path('out'))).toEqual(before);

      expect((await project.run(whole('all'))).code).toBe(0);
      const other = await project.run([...RUN.slice(0, -1), 'all']);
      expect([other.code, other.stderr]).toEqual([
        2,
        expect.stringContaining('OUT_OTHER_FORM: all holds a delivery of job sales as a whole'),
      ]);
      await mkdir(project.path('own'));
      await writeFile(project.path('own/letter.txt'), 'dear');
      const own = await project.run([...RUN.slice(0, -1), 'own']);
      expect([own.code, own.stderr]).toEqual([2, expect.stringContaining('OUT_NOT_OURS: own ')]);
      expect(await readdir(project.path('own'))).toEqual(['letter.txt']);
    },
  ));

test.each([
  [['--partition', '2026-04'], 'the last one is 2026-03'],
  [['--partition', 'may'], 'a month is written like 2026-10'],
])('%j is refused with exit code 2', (words, why) =>
  withProject(FILES, async (project) => {
    const { code, stderr } = await project.run([...RUN, ...words]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('BAD_PARTITION')]);
    expect(stderr).toContain(why);
    expect(await readdir(project.folder)).not.toContain('out');
  }),
);
