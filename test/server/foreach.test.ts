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

const STANDARD = ['--job', 'j.yaml', '--out', 'out'];

async function run(project: Project, ...words: readonly string[]) {
  const ended = await project.run(
    words.length === 0 || words[0]?.startsWith('--') === true
      ? ['run-profile', ...(words.includes('--job') ? [] : STANDARD), '--json', ...words]
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
waits() { [ "$4" = 1 ] && { [ ! -e "$1/go" ] || { [ "$2" -ge 30 ] && [ ! -e "$1/on" ]; }; }; }
while waits "$@"; do sleep 0.05; done
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
    const linesOf = async (): Promise<readonly string[]> =>
      (await readFile(project.path('m.prom'), 'utf8')).split('\n');
    const metrics = await linesOf();
    const series = metrics.filter((line) => line.startsWith('pipeline_step_items'));
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
    const after = await linesOf();
    expect(after).toContain(`pipeline_step_items_total{${labels},status="OK"} 40`);
    expect(after).toContain(`pipeline_step_items_total{${labels},status="FAIL"} 4`);
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

test('run-step does a step with all its items, and with --force does each of them again', () =>
  withProject(FRAGILE, async (project) => {
    await writeFile(project.path('mended'), '');
    const words = [
      ...['run-step', '--job', 'j.yaml', '--out', 'out', '--step', 'each'],
      ...['--param', `here=${project.folder}`],
    ];
    expect((await run(project, ...words)).step('each').items).toEqual({
      total: 40,
      counts: { OK: 40 },
    });
    expect(await ranIn(project)).toEqual(ALL);
    expect((await run(project, ...words)).step('each').status).toBe('CACHED');
    expect(await ranIn(project)).toEqual([]);
    const forced = await run(project, ...words, '--force');
    expect(forced.step('each')).toMatchObject({ status: 'OK', items: { counts: { OK: 40 } } });
    expect(await ranIn(project)).toEqual(ALL);
  }));

test('a killed command is gone on with: finished items are not done again, and all ends the same', () =>
  withProject(FRAGILE, async (project) => {
    await writeFile(project.path('mended'), '');
    const words = ['--param', `here=${project.folder}`, '--param', 'wait=1'];
    const started = project.start(['run-profile', '--job', 'j.yaml', '--out', 'out', ...words]);
    const lines = async (): Promise<number> =>
      (await readFile(project.path('ran.txt'), 'utf8').catch(() => '')).split('\n').length - 1;
    await writeFile(project.path('go'), '');
    // From the 30th on they wait, eight at once.
    await until(async () => (await lines()) === 38, '30 items are finished', 120_000);
    started.kill('SIGKILL');
    await started.ended;
    await ranIn(project);
    await writeFile(project.path('on'), '');
    const resumed = await run(project, 'resume', '--out', 'out');
    expect(resumed).toMatchObject({ code: 0, status: 'OK' });
    expect(resumed.step('each').items).toEqual({ total: 40, counts: { OK: 40 } });
    expect(await ranIn(project)).toEqual(ALL.slice(30));
    expect(await readFile(project.path('out/each.csv'), 'utf8')).toBe(tableOf(ALL));
  }));

test('a cancelled step tells which items had ended, and at most so many were worked on at once', () =>
  withProject(FRAGILE, async (project) => {
    const words = ['--param', `here=${project.folder}`, '--param', 'wait=1', '--json'];
    const started = project.start(['run-profile', '--job', 'j.yaml', '--out', 'out', ...words]);
    const text = async (): Promise<string> =>
      readFile(project.path('ran.txt'), 'utf8').catch(() => '');
    await until(
      async () => (await text()).split('\n').length === 9,
      'eight items are worked on',
      120_000,
    );
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

/** Items of many types, more than are put together at once, with files and folders beside their tables. */
const TYPES = {
  'j.yaml': 'job: j\nprofile: p\nbudgets: { wall: 1h }\n',
  'profiles/p.yaml': `
profile: p
defaults: { retry: { attempts: 1 } }
steps:
  days:
    uses: transform.sql
    with:
      sql: |
        select date '2026-01-01' + i::integer as day, (i / 7)::decimal(9, 3) as part,
          case when i = 3 then null else 'n' || i end as name, 12345678901234567890123456789012345678::hugeint as huge
        from range(450) t(i) order by i desc
  each:
    uses: transform.sql
    foreach: { in: days, at_most: 16 }
    with: { sql: "select \${{ item.day }} + 1 as next, 1::hugeint + i as h from range(case when \${{ item.name }} = 'n5' then 0 else 2 end) t(i)" }
  files:
    uses: exec.command
    foreach: { item: who, in: [ann, Bob] }
    with:
      command: [sh, -c, 'printf "%s" "$1" > note.txt; mkdir sub; printf "%s" "$1" > sub/x.txt', sh, '\${{ item }}']
      outputs: { note: { path: note.txt, format: file }, sub: { path: sub, format: tree } }
  read:
    uses: exec.command
    needs: [files]
    with:
      command: [sh, -c, 'cat "$1"/* "$2"/*/x.txt | tee all.txt', sh, '\${{ steps.files.outputs.note }}', '\${{ steps.files.outputs.sub }}']
      outputs: { all: { path: all.txt, format: file } }
  out: { uses: export.dataset, with: { from: each, formats: [csv, parquet] } }
`,
};

test('keeps types and order over any number of items, and files by item', () =>
  withProject(TYPES, async (project) => {
    const ended = await run(project);
    expect(ended).toMatchObject({ code: 0, status: 'OK' });
    expect(ended.step('each')).toMatchObject({ rows_out: 898, items: { counts: { OK: 450 } } });
    const lines = (await readFile(project.path('out/each.csv'), 'utf8')).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'day,part,name,huge,next,h',
      '2027-03-26,64.143,n449,12345678901234567890123456789012345678,2027-03-27,1',
      '2027-03-26,64.143,n449,12345678901234567890123456789012345678,2027-03-27,2',
    ]);
    expect(lines).toContain(
      '2026-01-04,0.429,,12345678901234567890123456789012345678,2026-01-05,1',
    );
    expect(lines.some((line) => line.includes(',n5,'))).toBe(false);
    const manifest = await project.readJson<{
      files: readonly { path: string; columns: readonly { name: string; type: string }[] }[];
    }>('out/manifest.json');
    const csv = manifest.files.find(({ path }) => path === 'each.csv');
    expect(csv?.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      ...[
        'day DATE',
        'part DECIMAL(9,3)',
        'name VARCHAR',
        'huge HUGEINT',
        'next DATE',
        'h HUGEINT',
      ],
    ]);
    // A command finds what was put together of its files as a folder.
    const fold = await project.run(['logs', '--step', 'read']);
    expect(fold.code).toBe(0);
    expect(fold.stdout.match(/ann|Bob/g)?.toSorted()).toEqual(['Bob', 'Bob', 'ann', 'ann']);
  }));

test('a column that is named like the item is refused by validate', () =>
  withProject(files(), async (project) => {
    const plain = "select 'x' as Region, ${{ item }} as v";
    await project.write({
      'profiles/p.yaml': profile('[north, south]').replace(/select sum.*/, plain),
    });
    const { code, stdout, stderr } = await project.run(['validate', '--job', 'j.yaml']);
    expect(code).toBe(2);
    expect(`${stdout}${stderr}`).toMatch(
      /BAD_ITEMS: step 'score': the output 'table' has a column 'region', which is the name of the item's/,
    );
  }));

const ENDINGS = {
  'j.yaml': 'job: j\nprofile: p\n',
  'profiles/p.yaml': `
profile: p
concurrency: 4
defaults: { retry: { attempts: 1 } }
steps:
  numbers: { uses: transform.sql, with: { sql: 'select i from range(3) t(i)' } }
  gate:
    uses: check.table
    foreach: { in: [1, 10] }
    with: { table: numbers, checks: [{ name: enough, sql: 'select 1 from numbers having count(*) < \${{ item }}' }] }
  limit:
    uses: exec.command
    timeout: 2s
    foreach: { in: [0, 60] }
    with: { command: [sleep, '\${{ item }}'] }
`,
  'short.yaml': 'job: short\nprofile: late\nbudgets: { wall: 5s }\n',
  'profiles/late.yaml': `
profile: late
steps:
  slow:
    uses: exec.command
    foreach: { in: [60, 61], at_most: 1 }
    with: { command: [sleep, '\${{ item }}'] }
`,
};

test('how its items ended decides how the step ends: a gate, a time limit, a budget', () =>
  withProject(ENDINGS, async (project) => {
    const ended = await run(project);
    expect(ended.step('gate')).toMatchObject({
      status: 'FAIL',
      items: { counts: { OK: 1, FAIL: 1 } },
    });
    expect(ended.step('limit')).toMatchObject({
      status: 'TIMEOUT',
      items: { counts: { OK: 1, TIMEOUT: 1 } },
    });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/step gate in attempt 1: CHECK_FAILED: 1 of 2 items failed/);

    const late = await run(project, '--job', 'short.yaml', '--out', 'late');
    expect(late.step('slow')).toMatchObject({
      status: 'BUDGET_EXCEEDED',
      items: { total: 2, counts: { BUDGET_EXCEEDED: 1 } },
    });
  }));
