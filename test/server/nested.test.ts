import { readFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';

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
