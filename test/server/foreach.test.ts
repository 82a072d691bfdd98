import { readFile, writeFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { until, withProject } from '../harness/cli.ts';

import type { Project } from '../harness/cli.ts';

jest.setTimeout(240_000);

const SALES = 'region,amount\nnorth,1\nsouth,2\nnorth,3\neast,5\n';

const profile = (regions: string): string => `
profile: p
defaults: { retry: { attempts: 1 } }
steps:
  sales: { uses: collect.files, with: { from: 'sales.csv' } }
  score:
    uses: transform.sql
    needs: [sales]
    foreach: { item: region, in: ${regions}, at_most: 2 }
    with:
      sql: select sum(amount)::bigint as total from sales where region = \${{ item }}
  shout:
    uses: exec.command
    foreach: { item: word, in: '\${{ params.words }}' }
    with:
      command: [sh, -c, 'printf "loud\\n%s!\\n" "$1" > out.csv; printf "%s" "$1" > note.txt', sh, '\${{ item }}']
      files: [sales.csv]
      outputs: { table: { path: out.csv }, note: { path: note.txt } }
  check:
    uses: check.table
    with: { table: score, checks: [{ not_null: [region] }] }
  scores: { uses: export.dataset, with: { from: score, formats: [csv] } }
  words: { uses: export.dataset, with: { from: shout, formats: [csv] } }
`;

const files = (regions = '[north, south, east]') => ({
  'j.yaml': 'job: j\nprofile: p\nparams: { words: { type: list, default: [one, two] } }\n',
  'profiles/p.yaml': profile(regions),
  'sales.csv': SALES,
});

type Shown = {
  readonly status: string;
  readonly steps: readonly {
    readonly id: string;
    readonly status: string;
    readonly reason?: string;
    readonly rows_out?: number;
    readonly items?: {
      readonly total: number;
      readonly counts: Readonly<Record<string, number>>;
      readonly failed?: readonly Readonly<Record<string, unknown>>[];
    };
  }[];
};

async function run(project: Project, ...words: readonly string[]) {
  const ended = await project.run(
    words.length === 0 || words[0]?.startsWith('--') === true
      ? ['run-profile', '--job', 'j.yaml', '--out', 'out', '--json', ...words]
      : [...words, '--json'],
  );
  const result = JSON.parse(ended.stdout) as Shown;
  return {
    ...ended,
    ...result,
    step: (id: string) => result.steps.find((each) => each.id === id)!,
  };
}

test('does a step for each item, puts the tables together, and reuses each item by itself', () =>
  withProject(files(), async (project) => {
    const first = await run(project);
    expect(first.stderr).toContain('score: 3 items');
    expect(first).toMatchObject({ code: 0, status: 'OK' });
    expect(first.step('score')).toMatchObject({
      status: 'OK',
      rows_out: 3,
      items: { total: 3, counts: { OK: 3 } },
    });
    expect(await readFile(project.path('out/score.csv'), 'utf8')).toBe(
      'region,total\nnorth,4\nsouth,2\neast,5\n',
    );
    expect(await readFile(project.path('out/shout.csv'), 'utf8')).toBe(
      'word,loud\none,one!\ntwo,two!\n',
    );

    const again = await run(project);
    expect(again.stderr).toContain('engine    none is needed');
    expect(again.step('score')).toMatchObject({
      status: 'CACHED',
      items: { total: 3, counts: { CACHED: 3 } },
    });

    await project.write(files('[west, north, south, east]'));
    const explained = await project.run(['explain', '--job', 'j.yaml']);
    expect(explained.stdout).toMatch(/score +run .*\n +1 of its 4 items\n/);
    const more = await run(project, '--param', 'words=two,three');
    expect(more.step('score').items).toEqual({ total: 4, counts: { OK: 1, CACHED: 3 } });
    expect(more.step('shout').items).toEqual({ total: 2, counts: { OK: 1, CACHED: 1 } });
    expect(await readFile(project.path('out/score.csv'), 'utf8')).toBe(
      'region,total\nwest,\nnorth,4\nsouth,2\neast,5\n',
    );
  }));

/** 40 items of a table; those with a 3 at their end fail until the file `mended` is there. Each attempt leaves a line. */
const FRAGILE = {
  'j.yaml':
    'job: j\nprofile: p\nparams: { allowed: { type: string, default: 0% }, wait: { type: number, default: 0 }, here: { type: string, default: /none } }\n',
  'script.sh': `
echo "$2" >> "$1/ran.txt"
[ "$4" = 0 ] || while [ ! -e "$1/go" ]; do sleep 0.05; done
if [ "$3" = true ] && [ ! -e "$1/mended" ]; then echo "broken $2" >&2; exit 3; fi
printf 'v\\n%s\\n' "$2" > out.csv
`,
  'profiles/p.yaml': `
profile: p
concurrency: 8
defaults: { retry: { attempts: 1 } }
steps:
  list: { uses: transform.sql, with: { sql: 'select i, i % 10 = 3 as bad from range(40) t(i)' } }
  each:
    uses: exec.command
    foreach: { in: '\${{ steps.list.outputs.table }}', allow_failed: '\${{ params.allowed }}' }
    with:
      command: [sh, script.sh, '\${{ params.here }}', '\${{ item.i }}', '\${{ item.bad }}', '\${{ params.wait }}']
      files: [script.sh]
      outputs: { table: { path: out.csv, columns: { v: BIGINT } } }
  all: { uses: export.dataset, with: { from: each, formats: [csv] } }
`,
};

/** What ran since the last look, in order. */
async function ranIn(project: Project): Promise<readonly number[]> {
  const text = await readFile(project.path('ran.txt'), 'utf8').catch(() => '');
  await writeFile(project.path('ran.txt'), '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(Number)
    .toSorted((a, b) => a - b);
}

const ALL = Array.from({ length: 40 }, (_, i) => i);
const BAD = [3, 13, 23, 33];
const tableOf = (numbers: readonly number[]): string =>
  `i,bad,v\n${numbers.map((i) => `${i},${BAD.includes(i)},${i}\n`).join('')}`;

test('names the items that failed, and a resume does only those again', () =>
  withProject(FRAGILE, async (project) => {
    const here = ['--param', `here=${project.folder}`, '--metrics-file', project.path('m.prom')];
    const bad = await run(project, ...here);
    expect(bad).toMatchObject({ code: 1, status: 'FAIL' });
    expect(await ranIn(project)).toEqual(ALL);
    const step = bad.step('each');
    expect(step.reason).toMatch(/^4 of 40 items failed; the first is 3, true: sh ended with/);
    expect(step.items).toMatchObject({ total: 40, counts: { OK: 36, FAIL: 4 } });
    expect(step.items?.failed?.map(({ index }) => index)).toEqual(BAD);
    const [first] = step.items?.failed ?? [];
    expect(first).toMatchObject({ index: 3, item: '3, true', status: 'FAIL' });
    expect(first?.['reason']).toContain('exit code 3');
    expect(await readFile(String(first?.['log']), 'utf8')).toContain('broken 3');
    expect(bad.stderr).toMatch(/item 13, true {2}FAIL {2}sh ended with exit code 3 {2}log: /);

    const shown = await project.run(['status']);
    expect(shown.stdout).toMatch(/each +FAIL .*40\/40 items, 4 failed/);
    const logs = await project.run(['logs', '--step', 'each[23]']);
    expect(logs.stdout).toContain('broken 23');
    const metrics = await readFile(project.path('m.prom'), 'utf8');
    const series = metrics.split('\n').filter((line) => line.startsWith('pipeline_step_items'));
    const labels = 'job="j",profile="p",step="each"';
    expect(series).toContain(`pipeline_step_items_total{${labels},status="OK"} 36`);
    expect(series).toContain(`pipeline_step_items_total{${labels},status="FAIL"} 4`);
    expect(series).toHaveLength(7);
    expect(metrics).toContain(`pipeline_step_attempts_total{${labels},result="fail"} 4`);
    expect(metrics).toContain(`pipeline_step_duration_seconds_count{${labels}} 36`);
    expect(metrics).toContain(`pipeline_step_status_total{${labels},status="FAIL"} 1`);

    await writeFile(project.path('mended'), '');
    const good = await run(project, 'resume', '--out', 'out', '--metrics-file', 'm.prom');
    expect(good).toMatchObject({ code: 0, status: 'OK' });
    expect(await ranIn(project)).toEqual(BAD);
    expect(good.step('each').items).toEqual({ total: 40, counts: { OK: 40 } });
    expect(await readFile(project.path('out/each.csv'), 'utf8')).toBe(tableOf(ALL));
    // A success is counted once for all starts of a run, and so is each failure in its start.
    const after = await readFile(project.path('m.prom'), 'utf8');
    expect(after).toContain(`pipeline_step_items_total{${labels},status="OK"} 4`);
  }));

test('leaves out the items that may fail, warns, and tries them again the next time', () =>
  withProject(FRAGILE, async (project) => {
    const words = ['--param', `here=${project.folder}`, '--param', 'allowed=10%'];
    const some = await run(project, ...words);
    expect(some).toMatchObject({ code: 0, status: 'WARN' });
    expect(some.step('each')).toMatchObject({
      status: 'WARN',
      items: { total: 40, counts: { OK: 36, FAIL: 4 } },
    });
    expect(some.step('each').reason).toMatch(/^4 of 40 items failed and are left out; the first/);
    expect(some.stderr).toMatch(/each: item 3, true {2}FAIL/);
    const left = ALL.filter((i) => !BAD.includes(i));
    expect(await readFile(project.path('out/each.csv'), 'utf8')).toBe(tableOf(left));
    await ranIn(project);

    const fewer = await run(project, ...words.slice(0, 2), '--param', 'allowed=9%');
    expect(fewer).toMatchObject({ code: 1, status: 'FAIL' });
    expect(await ranIn(project)).toEqual(BAD);

    await writeFile(project.path('mended'), '');
    const all = await run(project, ...words);
    expect(all.step('each')).toMatchObject({
      status: 'OK',
      items: { counts: { OK: 4, CACHED: 36 } },
    });
    expect(await ranIn(project)).toEqual(BAD);
  }));

test('a killed command is gone on with: finished items are not done again, and all ends the same', () =>
  withProject(FRAGILE, async (project) => {
    await writeFile(project.path('mended'), '');
    const words = ['--param', `here=${project.folder}`, '--param', 'wait=1'];
    const started = project.start(['run-profile', '--job', 'j.yaml', '--out', 'out', ...words]);
    const lines = async (): Promise<number> =>
      (await readFile(project.path('ran.txt'), 'utf8').catch(() => '')).split('\n').length - 1;
    await until(async () => (await lines()) >= 8, 'eight items are worked on');
    await writeFile(project.path('go'), '');
    await until(async () => (await lines()) >= 20, 'some are finished');
    started.kill('SIGKILL');
    await started.ended;
    const before = await ranIn(project);
    const resumed = await run(project, 'resume', '--out', 'out');
    expect(resumed).toMatchObject({ code: 0, status: 'OK' });
    expect(resumed.step('each').items).toEqual({ total: 40, counts: { OK: 40 } });
    const again = (await ranIn(project)).filter((i) => before.includes(i));
    // No more than were being worked on.
    expect(again.length).toBeLessThanOrEqual(8);
    expect(await readFile(project.path('out/each.csv'), 'utf8')).toBe(tableOf(ALL));
  }));

test('a cancelled step tells which items had ended, and at most so many were worked on at once', () =>
  withProject(FRAGILE, async (project) => {
    const words = ['--param', `here=${project.folder}`, '--param', 'wait=1', '--json'];
    const started = project.start(['run-profile', '--job', 'j.yaml', '--out', 'out', ...words]);
    const text = async (): Promise<string> =>
      readFile(project.path('ran.txt'), 'utf8').catch(() => '');
    await until(async () => (await text()).split('\n').length === 9, 'eight items are worked on');
    started.kill('SIGINT');
    const ended = await started.ended;
    expect(ended.code).toBe(130);
    const result = JSON.parse(ended.stdout) as Shown;
    expect(result.status).toBe('CANCELLED');
    const step = result.steps.find(({ id }) => id === 'each');
    expect(step).toMatchObject({
      status: 'CANCELLED',
      items: { total: 40, counts: { CANCELLED: 8 } },
    });
    expect((await ranIn(project)).length).toBe(8);
  }));
