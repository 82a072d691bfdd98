import { readFile, rm, writeFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { freePort, scrape, until, withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

import type { Project, Running } from '../harness/cli.ts';

jest.setTimeout(180_000);

const FILES = {
  'data/orders.csv': 'id,shop,amount\n1,north,10\n2,north,5\n3,south,7\n',
  'jobs/j.yaml':
    'job: j\nprofile: shops\nparams: { least: { type: integer, default: 1 } }\ninputs: { orders: { path: ../data/orders.csv } }\n',
  'profiles/shops.yaml': `
profile: shops
defaults: { retry: { attempts: 1 } }
steps:
  orders: { uses: collect.files, with: { from: '\${{ inputs.orders }}' } }
  north:
    uses: profile
    with: { profile: shop, params: { shop: north, seen: '\${{ steps.orders.values.rows }}' }, tables: { bought: orders } }
  south:
    uses: profile
    with: { profile: shop, params: { shop: south, seen: '\${{ steps.orders.values.rows }}' }, tables: { bought: orders } }
  both:
    uses: transform.sql
    needs: [north, south]
    with: { sql: 'select *, \${{ steps.north.values.orders }} as n from north union all select *, \${{ steps.south.values.orders }} from south' }
  files: { uses: export.dataset, with: { from: both, formats: [csv] } }
`,
  'profiles/shop.yaml': `
profile: shop
takes: [bought]
gives: { table: total, orders: '\${{ steps.mine.values.rows }}' }
defaults: { retry: { attempts: 1 } }
steps:
  mine:
    uses: transform.sql
    needs: [bought]
    with: { sql: 'select * from bought where shop = \${{ params.shop }}' }
  total:
    uses: transform.sql
    needs: [mine]
    with: { sql: 'select shop, sum(amount) as total, \${{ params.seen }} as seen from mine group by shop' }
  enough:
    uses: check.table
    with: { table: mine, checks: [{ name: some, row_count: { min: 1 } }, { name: more, row_count: { min: '\${{ params.least }}' } }] }
`,
};

type Step = {
  readonly id: string;
  readonly status: string;
  readonly reason?: string;
  readonly duration_ms?: number;
  readonly steps?: readonly Step[];
};
type Result = { readonly run_id: string; readonly status: string; readonly steps: readonly Step[] };

/** `id status` of every step, those within a profile behind its name. */
function told(steps: readonly Step[], within = ''): readonly string[] {
  return steps.flatMap(({ id, status, steps: inner = [] }) => [
    `${within}${id} ${status}`,
    ...told(inner, `${within}${id}/`),
  ]);
}

const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out', '--json'];

test('runs a profile as two steps of another, with what each is given, and reads what each gives back', () =>
  withProject(FILES, async (project) => {
    const first = await project.run(RUN);
    expect(first).toMatchObject({ code: 0 });
    expect(told((JSON.parse(first.stdout) as Result).steps)).toEqual([
      'orders OK',
      'north OK',
      'north/mine OK',
      'north/total OK',
      'north/enough OK',
      'south OK',
      'south/mine OK',
      'south/total OK',
      'south/enough OK',
      'both OK',
      'files OK',
    ]);
    expect(first.stderr).toMatch(/^ {2}north\/mine {2}OK/m);
    expect(await readFile(project.path('out/both.csv'), 'utf8')).toBe(
      'shop,total,seen,n\nnorth,15,3,2\nsouth,7,3,1\n',
    );

    const again = await project.run(RUN);
    expect(again.stderr).toContain('none is needed; the store holds every result');
    const statuses = told((JSON.parse(again.stdout) as Result).steps);
    expect(statuses.filter((line) => !line.endsWith(' CACHED'))).toEqual([]);
    expect(statuses).toHaveLength(11);
  }));

test('fails with the step in it that failed, names it, and skips what reads it', () =>
  withProject(FILES, async (project) => {
    const bad = await project.run([...RUN, '--param', 'least=2']);
    expect(bad.code).toBe(4);
    const { steps } = JSON.parse(bad.stdout) as Result;
    expect(told(steps)).toEqual(
      expect.arrayContaining(['north OK', 'south/enough FAIL', 'south FAIL', 'both SKIPPED']),
    );
    expect(steps.find(({ id }) => id === 'south')?.reason).toMatch(
      /^step 'enough' of profile shop ended FAIL: [^]*more: 1 row/,
    );
  }));

/** In it one step notes that it ran, and another one goes on until the file `gate` is there. */
const waiting = (folder: string, about = ''): Readonly<Record<string, string>> => ({
  'jobs/j.yaml': 'job: j\nprofile: outer\n',
  'profiles/outer.yaml': `
profile: outer
steps:
  in: { uses: profile, ${about} with: { profile: inner, params: { n: 2 } } }
  beside: { uses: transform.sql, with: { sql: select 1 as one } }
  files: { uses: export.dataset, with: { from: in, name: t, formats: [csv] } }
`,
  'profiles/inner.yaml': `
profile: inner
gives: { table: third }
steps:
  first:
    uses: exec.command
    with: { shell: 'echo ran >> "${folder}/ran"; echo n > t.csv; echo \${{ params.n }} >> t.csv', outputs: { table: { path: t.csv } } }
  wait:
    uses: exec.command
    needs: [first]
    with: { shell: 'cd "${folder}"; echo begun >> begun; while [ ! -e gate ]; do sleep 0.1; done' }
  third: { uses: transform.sql, needs: [first, wait], with: { sql: 'select n * 2 as n from first' } }
`,
});

/** A run of it that waits at the gate. */
async function atTheGate(
  project: Project,
  words: readonly string[] = [],
): Promise<{ readonly run: Running }> {
  const run = project.start([...RUN, ...words]);
  const begun = (): Promise<string> => readFile(project.path('begun'), 'utf8');
  await until(() => begun().catch(() => undefined), 'the step in the profile has begun');
  return { run };
}

const open = (project: Project): Promise<void> => writeFile(project.path('gate'), '');
const lines = async (path: string): Promise<number> =>
  (await readFile(path, 'utf8')).trim().split('\n').length;

test('killed in the middle of a profile, the run is gone on with and no finished step is done twice', () =>
  withProject({}, async (project) => {
    await project.write(waiting(project.folder));
    const { run } = await atTheGate(project);
    run.kill('SIGKILL');
    await run.ended;
    await open(project);
    const resumed = await project.run(['resume', '--out', 'out', '--json']);
    expect(resumed).toMatchObject({ code: 0 });
    expect(told((JSON.parse(resumed.stdout) as Result).steps)).toEqual([
      ...['in OK', 'in/first OK', 'in/wait OK', 'in/third OK', 'beside OK', 'files OK'],
    ]);
    expect(await lines(project.path('ran'))).toBe(1);
    expect(await readFile(project.path('out/t.csv'), 'utf8')).toBe('n\n4\n');

    const byId = await project.run(['logs', '--out', 'out', '--step', 'first']);
    expect(byId.stdout).toMatch(/^in\/first {2}.* attempt 1 of exec.command$/m);
    const logs = await project.run(['logs', '--out', 'out', '--step', 'in']);
    expect(logs.stdout).toMatch(/^in\/first {2}.* attempt 1 of exec.command$/m);
    const { stdout } = await project.run(['status', '--out', 'out']);
    expect(stdout).toMatch(/^ {2}in\/third +OK/m);
  }));

test('cancelled, the steps in a profile end as those of the run do', () =>
  withProject({}, async (project) => {
    await project.write(waiting(project.folder));
    const { run } = await atTheGate(project);
    run.kill('SIGINT');
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(told((JSON.parse(stdout) as Result).steps)).toEqual([
      ...['in CANCELLED', 'in/first OK', 'in/wait CANCELLED', 'in/third CANCELLED'],
      ...['beside OK', 'files CANCELLED'],
    ]);
  }));

test('the time limit of a profile stops what runs in it, at once, and nothing beside it', () =>
  withProject({}, async (project) => {
    await project.write(waiting(project.folder, 'timeout: 3s,'));
    const ended = await project.run(RUN);
    const { steps } = JSON.parse(ended.stdout) as Result;
    expect(told(steps)).toEqual([
      ...['in TIMEOUT', 'in/first OK', 'in/wait TIMEOUT', 'in/third SKIPPED'],
      ...['beside OK', 'files SKIPPED'],
    ]);
    expect(steps[0]?.duration_ms).toBeLessThan(20_000);
    expect(ended.stderr).toContain(
      "step 'wait' of profile inner ended TIMEOUT: the time limit of the step that its profile is ended",
    );
  }));

test('on a service its steps are shown as they end, by whichever worker', () =>
  withProject({}, async (project) => {
    await project.write(waiting(project.folder));
    await open(project);
    await withService(project, async ({ address }) => {
      const service = ['--temporal-address', address];
      const worker = project.start(['worker', ...service]);
      await worker.says(/serving/);
      const ended = await project.run([...RUN, ...service]);
      expect(ended).toMatchObject({ code: 0 });
      expect(ended.stderr).toMatch(/^ {2}in\/first {2}OK/m);
      expect(told((JSON.parse(ended.stdout) as Result).steps)).toContain('in/third OK');
      worker.kill('SIGTERM');
      await worker.ended;
    });
  }));

test('counts the steps in a profile under its name, and the step that it is once', () =>
  withProject(FILES, async (project) => {
    const port = await freePort();
    const exporter = ['--prometheus-port', String(port), '--prometheus-address', '127.0.0.1'];
    const run = project.start([...RUN, ...exporter, '--linger', '60']);
    await run.says(/waiting for a last scrape/);
    const series = await scrape(port);
    await run.ended;
    const of = (name: string, profile: string, step: string, more = ''): number | undefined =>
      series.get(`${name}{job="j",profile="${profile}",step="${step}"${more}}`);
    const ok = ',status="OK"';
    expect(of('pipeline_step_status_total', 'shops', 'north', ok)).toBe(1);
    expect(of('pipeline_step_duration_seconds_count', 'shops', 'north')).toBe(1);
    expect(of('pipeline_step_rows', 'shops', 'north', ',direction="out"')).toBe(1);
    expect(of('pipeline_profile_step_timeout_seconds', 'shops', 'north')).toBeUndefined();
    expect(of('pipeline_step_status_total', 'shop', 'mine', ok)).toBe(2);
    expect(of('pipeline_step_status_total', 'shop', 'mine', ',status="FAIL"')).toBe(0);
    expect(of('pipeline_step_duration_seconds_count', 'shop', 'mine')).toBe(2);
    expect(of('pipeline_profile_step_timeout_seconds', 'shop', 'mine')).toBe(600);
    const names = [...series.keys()];
    expect(names.filter((name) => /^pipeline_run_.*profile="shop"/.test(name))).toEqual([]);
    expect(
      names.filter((name) => /step="(north\/|mine")/.test(name) && name.includes('"shops"')),
    ).toEqual([]);
  }));

/** A profile for each row of a table; one of its steps fails for those that are named in the file `bad`. */
const EACH = (folder: string): Readonly<Record<string, string>> => ({
  'data/orders.csv': 'id,shop,amount\n1,north,10\n2,north,5\n3,south,7\n4,west,1\n',
  'jobs/j.yaml': 'job: j\nprofile: all\ninputs: { orders: { path: ../data/orders.csv } }\n',
  'profiles/all.yaml': `
profile: all
steps:
  orders: { uses: collect.files, with: { from: '\${{ inputs.orders }}' } }
  shops: { uses: transform.sql, needs: [orders], with: { sql: 'select distinct shop, length(shop) as k from orders' } }
  each:
    uses: profile
    foreach: { in: shops, at_most: 2 }
    with: { profile: one, params: { shop: '\${{ item.shop }}', k: '\${{ item.k }}' }, tables: { bought: orders } }
  files: { uses: export.dataset, with: { from: each, name: t, formats: [csv] } }
`,
  'profiles/one.yaml': `
profile: one
takes: [bought]
gives: { table: total }
steps:
  mine: { uses: transform.sql, needs: [bought], with: { sql: 'select * from bought where shop = \${{ params.shop }}' } }
  look:
    uses: exec.command
    needs: [mine]
    with: { shell: 'cd "${folder}"; echo "$SHOP" >> ran; while [ -e "hold-$SHOP" ]; do echo x >> held; sleep 0.1; done; ! grep -qx "$SHOP" bad || exit 65', env: { SHOP: '\${{ params.shop }}' }, exit_codes: { '65': fail } }
  total:
    uses: transform.sql
    needs: [mine, look]
    with: { sql: 'select sum(amount) * \${{ params.k }} as total from mine' }
`,
});

const TABLE = 'shop,k,total\nnorth,5,75\nsouth,5,35\nwest,4,4\n';

test('a profile is done for each row of a table; after a failure only what failed is done again', () =>
  withProject({ bad: 'west\n' }, async (project) => {
    await project.write(EACH(project.folder));
    const port = await freePort();
    const exporter = ['--prometheus-port', String(port), '--prometheus-address', '127.0.0.1'];
    const first = project.start([...RUN, ...exporter, '--linger', '60']);
    await first.says(/waiting for a last scrape/);
    const series = await scrape(port);
    const bad = await first.ended;
    const each = (JSON.parse(bad.stdout) as Result).steps.find(({ id }) => id === 'each');
    expect(each).toMatchObject({
      status: 'FAIL',
      items: { total: 3, counts: { OK: 2, FAIL: 1 }, failed: [{ status: 'FAIL' }] },
    });
    expect(bad.stderr).toMatch(/each\[2\]\/look {2}FAIL/);
    expect(bad.stderr).not.toContain('each[0]/look');
    const of = (name: string, more: string): number | undefined =>
      series.get(`${name}{job="j",${more}}`);
    expect(of('pipeline_step_status_total', 'profile="one",step="look",status="OK"')).toBe(2);
    expect(of('pipeline_step_status_total', 'profile="one",step="look",status="FAIL"')).toBe(1);
    expect(of('pipeline_step_items_total', 'profile="all",step="each",status="OK"')).toBe(2);
    expect(of('pipeline_step_duration_seconds_count', 'profile="all",step="each"')).toBe(2);
    expect([...series.keys()].filter((name) => name.includes('['))).toEqual([]);

    const log = await project.run(['logs', '--out', 'out', '--step', 'each[2]/look']);
    expect(log.stdout).toMatch(/^each\[2\]\/look {2}.* failed: /m);

    await writeFile(project.path('bad'), 'none\n');
    await writeFile(project.path('ran'), '');
    const resumed = await project.run(['resume', '--out', 'out', '--json']);
    expect(resumed).toMatchObject({ code: 0 });
    expect(await readFile(project.path('ran'), 'utf8')).toBe('west\n');
    expect(await readFile(project.path('out/t.csv'), 'utf8')).toBe(TABLE);
  }));

test('killed in the middle of one item, the profiles of the others are not done again', () =>
  withProject({ bad: 'none\n', 'hold-west': '' }, async (project) => {
    await project.write(EACH(project.folder));
    const run = project.start(RUN);
    await until(
      () => readFile(project.path('held'), 'utf8').catch(() => undefined),
      'the last item is on',
    );
    const others = async (): Promise<true | undefined> => {
      const all = (await readFile(project.path('ran'), 'utf8')).trim().split('\n');
      return all.includes('north') && all.includes('south') ? true : undefined;
    };
    await until(others, 'the other items have begun');
    run.kill('SIGKILL');
    await run.ended;
    await rm(project.path('hold-west'));
    const resumed = await project.run(['resume', '--out', 'out', '--json']);
    expect(resumed).toMatchObject({ code: 0 });
    expect(await readFile(project.path('out/t.csv'), 'utf8')).toBe(TABLE);
  }));
