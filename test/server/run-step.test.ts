import { access, readdir, readFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { freePort, scrape, until, withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';

import type { Project } from '../harness/cli.ts';

jest.setTimeout(240_000);

/** Each command writes down that it was executed, and is reused as long as `data` is the same. */
const FILES = {
  'data/orders.csv': 'id,amount\n1,10\n2,20\n3,30\n',
  'data/other.csv': 'x\n1\n',
  'scripts/note.sh': 'echo "$1" >> "$2"\n',
  'jobs/j.yaml': `
job: j
profile: p
params: { log: { type: string, default: none } }
inputs: { orders: { path: ../data/orders.csv }, other: { path: ../data/other.csv } }
hooks: { on_failure: [{ command: [sh, -c, 'echo told >> told'] }] }
`,
  'profiles/p.yaml': `
profile: p
expected_every: 1h
steps:
  orders: { uses: collect.files, core: true, with: { from: '\${{ inputs.orders }}' } }
  other: { uses: collect.files, with: { from: '\${{ inputs.other }}' } }
  most: { uses: transform.sql, needs: [orders], with: { sql: 'select * from orders where amount > 10' } }
  scored:
    uses: exec.command
    with:
      files: [../scripts/note.sh]
      shell: 'sh note.sh scored "$LOG"; cp "$FROM" scored.parquet; echo fine > report.txt'
      env: { LOG: '\${{ params.log }}', FROM: '\${{ steps.most.outputs.table }}' }
      outputs: { table: { path: scored.parquet }, report: { path: report.txt } }
  checks: { uses: check.table, with: { table: scored, checks: [{ row_count: { max_drop: 0.2 } }] } }
  files: { uses: export.dataset, needs: [checks], with: { from: most, formats: [csv] } }
`,
};

function wordsFor(project: Project): readonly string[] {
  return ['--job', 'jobs/j.yaml', '--out', 'out', '-p', `log=${project.path('log')}`];
}

async function executed(project: Project): Promise<number> {
  const text = await readFile(project.path('log'), 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}

type Document = {
  readonly run_id: string;
  readonly only?: unknown;
  readonly steps: readonly { readonly id: string; readonly status: string }[];
};

function statuses(stdout: string): Record<string, string> {
  const { steps } = JSON.parse(stdout) as Document;
  return Object.fromEntries(steps.map(({ id, status }) => [id, status]));
}

test('one step runs with what it needs, and its results lie beside the delivery, which stays as it is', () =>
  withProject(FILES, async (project) => {
    const words = wordsFor(project);
    const one = await project.run(['run-step', ...words, '--step', 'scored', '--json']);
    expect([one.code, statuses(one.stdout)]).toEqual([
      0,
      { orders: 'OK', most: 'OK', scored: 'OK' },
    ]);
    expect(JSON.parse(one.stdout)).toMatchObject({ only: { step: 'scored' } });
    expect(await readdir(project.path('out.steps/scored'))).toEqual([
      'manifest.json',
      'run.json',
      'scored.parquet',
      'scored.report',
    ]);
    await expect(access(project.path('out'))).rejects.toThrow('ENOENT');

    const whole = await project.run(['run-profile', ...words, '--json']);
    expect(statuses(whole.stdout)).toMatchObject({ orders: 'CACHED', other: 'OK', files: 'OK' });
    const delivered = await contentOf(project.path('out'));
    const { run_id: id } = await project.readJson<Document>('out/run.json');
    const again = await project.run([
      ...['run-step', ...words, '--step', 'most', '--downstream', '--json'],
    ]);
    expect([again.code, statuses(again.stdout)]).toEqual([
      0,
      { orders: 'CACHED', most: 'CACHED', scored: 'CACHED', checks: 'CACHED', files: 'CACHED' },
    ]);
    expect(Object.keys(await contentOf(project.path('out.steps/most')))).toEqual([
      'checks.rejected.parquet',
      'exports/most.csv',
      'manifest.json',
      'most.parquet',
      'scored.parquet',
      'scored.report',
    ]);
    expect(await contentOf(project.path('out'))).toEqual(delivered);
    expect((await project.readJson<Document>('out/run.json')).run_id).toBe(id);
    expect(await executed(project)).toBe(1);
    expect((await project.run(['runs'])).stdout).toMatch(
      / {2}OK \(step most and what needs it\) {2}/,
    );
  }));

test('with --force the step is executed again, and what it needs and what follows from equal bytes is reused', () =>
  withProject(FILES, async (project) => {
    const words = wordsFor(project);
    expect((await project.run(['run-profile', ...words])).code).toBe(0);
    const forced = await project.run([
      ...['run-step', ...words, '--step', 'scored', '--downstream', '--force', '--json'],
    ]);
    expect(statuses(forced.stdout)).toEqual({
      orders: 'CACHED',
      most: 'CACHED',
      scored: 'OK',
      checks: 'CACHED',
      files: 'CACHED',
    });
    expect(await executed(project)).toBe(2);
  }));

test('a step that the profile does not have is named with those it has, and nothing is begun', () =>
  withProject(FILES, async (project) => {
    const wrong = await project.run([
      'run-step',
      ...wordsFor(project),
      '--step',
      'score',
      '--json',
    ]);
    expect(wrong.code).toBe(2);
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      error: {
        code: 'STEP_NOT_FOUND',
        message: expect.stringContaining('its steps: orders, other, most, scored, checks, files'),
        hint: "Did you mean 'scored'?",
      },
    });
    await expect(access(project.path('.builder'))).rejects.toThrow('ENOENT');
  }));

test('an input that only other steps read need not be there', () =>
  withProject(
    { ...FILES, 'jobs/j.yaml': FILES['jobs/j.yaml'].replace('other.csv', 'gone.csv') },
    async (project) => {
      const words = wordsFor(project);
      expect((await project.run(['run-profile', ...words])).code).toBe(2);
      expect((await project.run(['run-step', ...words, '--step', 'most'])).code).toBe(0);
    },
  ));

test('what its command left is gone on with by resume, and nothing is executed a third time', () =>
  withProject(FILES, async (project) => {
    const words = [...wordsFor(project), '--step', 'scored', '--downstream', '--force'];
    await project.write({ 'scripts/note.sh': 'echo "$1" >> "$2"; [ -e "$2.go" ] || sleep 600\n' });
    const killed = project.start(['run-step', ...words]);
    await until(async () => (await executed(project)) === 1, 'it is executed');
    killed.kill('SIGKILL');
    await killed.ended;
    await project.write({ 'log.go': '' });
    const resumed = await project.run(['resume', '--out', 'out.steps/scored', '--json']);
    expect([resumed.code, statuses(resumed.stdout)['files']]).toEqual([0, 'OK']);
    expect(await executed(project)).toBe(2);
    expect(await readdir(project.path('out.steps/scored/exports'))).toEqual(['most.csv']);
    const { run_id: id } = JSON.parse(resumed.stdout) as Document;
    const record = await project.run(['status', id, '--json']);
    expect(JSON.parse(record.stdout)).toMatchObject({
      status: 'OK',
      only: { step: 'scored', downstream: true, force: true },
    });
  }));

test('no metric and no hook takes it for a run of the pipeline', () =>
  withProject(FILES, async (project) => {
    const words = wordsFor(project);
    expect((await project.run(['run-profile', ...words])).code).toBe(0);
    const port = await freePort();
    const serving = [...words, '--prometheus-port', String(port), '--linger', '60'];
    const seen = async (...command: readonly string[]) => {
      const running = project.start([...command, ...serving, '--prometheus-address', '127.0.0.1']);
      await running.says(/waiting for a last scrape/);
      const series = await scrape(port);
      await running.ended;
      return new Map([...series].filter(([name]) => /^pipeline_(step|run)_/.test(name)));
    };
    await project.write({ 'data/orders.csv': 'id,amount\n1,10\n2,20\n3,30\n4,99\n' });
    const own = await seen('run-step', '--step', 'scored');
    const { run_id: id } = await project.readJson<Document>('out/run.json');
    expect(own.get(`pipeline_run_info{run_id="${id}",job="j",profile="p"}`)).toBe(1);
    expect([...own.keys()].filter((name) => name.startsWith('pipeline_run_info'))).toHaveLength(1);
    const finished = (await project.readJson<{ finished_at: string }>('out/run.json')).finished_at;
    const completed = own.get(
      'pipeline_step_completed_timestamp_seconds{job="j",profile="p",step="orders"}',
    );
    expect(completed).toBeLessThanOrEqual(Date.parse(finished) / 1000);
    // It fails: nobody is told, and nothing has failed.
    await project.write({ 'scripts/note.sh': 'exit 126\n' });
    const failed = await seen('run-step', '--step', 'scored');
    expect([...failed.keys()].filter((name) => name.includes('failed_timestamp'))).toEqual([]);
    expect(await readdir(project.folder)).not.toContain('told');
  }));

test('a step of a job that is cut is run for one partition, and one with items for each of them', () =>
  withProject(
    {
      ...FILES,
      'jobs/j.yaml': `${FILES['jobs/j.yaml']}partition: { by: list, values: [north, south] }\n`,
      'profiles/p.yaml': `
profile: p
steps:
  orders: { uses: collect.files, with: { from: '\${{ inputs.orders }}' } }
  each:
    uses: exec.command
    foreach: { in: [one, two, three], item: word }
    with:
      files: [../scripts/note.sh]
      shell: 'sh note.sh "$WORD" "$LOG"; echo n > t.csv; echo 1 >> t.csv'
      env: { LOG: '\${{ params.log }}', WORD: '\${{ item }}' }
      outputs: { table: { path: t.csv } }
  files: { uses: export.dataset, with: { from: each, formats: [csv] } }
`,
    },
    async (project) => {
      const words = [...wordsFor(project), '--step', 'each', '--partition', 'south', '--json'];
      const one = await project.run(['run-step', ...words, '--downstream']);
      expect([one.code, statuses(one.stdout)]).toEqual([0, { each: 'OK', files: 'OK' }]);
      const folder = project.path('out.steps/each/south');
      expect(await readdir(folder)).toEqual([
        'each.parquet',
        'exports',
        'manifest.json',
        'run.json',
      ]);
      expect(await readFile(`${folder}/exports/each.csv`, 'utf8')).toBe(
        'word,n\none,1\ntwo,1\nthree,1\n',
      );
      expect(await executed(project)).toBe(3);
      const forced = await project.run(['run-step', ...words, '--force']);
      expect([forced.code, statuses(forced.stdout)]).toEqual([0, { each: 'OK' }]);
      expect(await executed(project)).toBe(6);
      const none = await project.run([
        'run-step',
        ...words.filter((word) => word !== '--partition' && word !== 'south'),
      ]);
      expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('BAD_PARTITION')]);
    },
  ));
