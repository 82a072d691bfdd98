import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';

const FILES = {
  'data/orders.csv':
    'id,customer,amount,day\n1,a,10.50,2026-01-02\n2,b,20.00,2026-01-03\n3,a,5.25,2026-01-03\n4,c,1.00,2026-01-04\n',
  'data/customers.csv': 'customer,name,country\na,Ada,DE\nb,Bo,FR\nc,Cy,DE\n',
  'data/countries.csv': 'country,label\nDE,Germany\nFR,France\n',
  'jobs/sales.yaml': `
job: sales
profile: sales
params:
  since: { type: date, default: '2026-01-03' }
inputs:
  orders: { path: ../data/orders.csv }
`,
  'profiles/sales.yaml': `
profile: sales
concurrency: 3
steps:
  orders:
    uses: collect.files
    with: { from: '\${{ inputs.orders }}', types: { amount: 'DECIMAL(10, 2)' } }
  customers: { uses: collect.files, with: { from: ../data/customers.csv } }
  countries: { uses: collect.files, with: { from: ../data/countries.csv } }
  joined:
    uses: transform.sql
    needs: [orders, customers, countries]
    with:
      sql: |
        select id, name, label, amount, day
        from orders join customers using (customer) join countries using (country)
        where day >= \${{ params.since }}::date
        order by amount desc, id
  totals:
    uses: transform.sql
    needs: [joined]
    with: { sql: 'select label, sum(amount) as total, count(*) as orders from joined group by label' }
  checks:
    uses: check.table
    needs: [joined, customers, orders]
    with:
      table: orders
      checks:
        - not_null: [id, customer, amount]
        - unique: [id]
        - accepted_values: { column: customer, values: [a, b, c] }
        - range: { column: amount, min: 0, max: 1000 }
        - relationships: { column: customer, to: customers, field: customer }
        - row_count: { min: 1, max: 100, max_drop: 0.5 }
        - { name: no future, sql: "select * from orders where day > date '2030-01-01'" }
        - { severity: warn, range: { column: amount, min: 2 } }
        - { unique: [customer, day] }
  out:
    uses: export.dataset
    needs: [checks]
    with: { from: totals, name: totals, formats: [csv, parquet, jsonl], dictionary: { total: Sum of amounts } }
  out_orders:
    uses: export.dataset
    needs: [checks]
    with: { from: orders, formats: [csv] }
`,
};

const words = ['run-profile', '--job', 'jobs/sales.yaml', '--out', 'out', '--json'];

type Manifest = {
  readonly files: readonly {
    readonly path: string;
    readonly sha256: string;
    readonly rows?: number;
    readonly from: string;
  }[];
};

test('three CSVs, joins and nine checks give the known answers, with a true manifest', async () => {
  await withProject(FILES, async (project) => {
    const { code, stderr } = await project.run(words);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('range(amount) 2: 1 of 4 rows break it'),
    ]);
    expect(await readFile(project.path('out/totals.csv'), 'utf8')).toBe(
      'label,total,orders\nFrance,20.00,1\nGermany,6.25,2\n',
    );
    expect(await readFile(project.path('out/totals.jsonl'), 'utf8')).toBe(
      '{"label":"France","total":20.00,"orders":1}\n{"label":"Germany","total":6.25,"orders":2}\n',
    );
    const manifest = await project.readJson<Manifest>('out/manifest.json');
    const content = await contentOf(project.path('out'));
    expect(manifest.files.map(({ path, rows, from }) => [path, rows, from])).toEqual([
      ['orders.csv', 4, 'orders'],
      ['totals.csv', 2, 'totals'],
      ['totals.dictionary.json', undefined, 'totals'],
      ['totals.jsonl', 2, 'totals'],
      ['totals.parquet', 2, 'totals'],
    ]);
    for (const { path, sha256 } of manifest.files)
      expect([path, content[path]]).toEqual([path, sha256]);
    expect(await project.readJson('out/run.json')).toMatchObject({
      job: 'sales',
      profile: 'sales',
      status: 'WARN',
    });
  });
});

test('a broken check of severity fail names the rows, delivers nothing and leaves the earlier delivery', async () => {
  await withProject(FILES, async (project) => {
    expect((await project.run(words)).code).toBe(0);
    const before = await contentOf(project.path('out'));

    await project.write({
      'data/orders.csv': `${FILES['data/orders.csv']}5,zed,-3.00,2026-01-05\n`,
    });
    const broken = await project.run(words);
    expect(broken.code).toBe(4);
    expect(broken.stderr).toContain('3 checks of 9 failed on orders');
    expect(broken.stderr).toContain(
      'relationships(customer -> customers.customer): 1 of 5 rows break it',
    );
    expect(broken.stderr).toMatch(/"id":5,"customer":"zed","amount":-3\.00?/);
    const kept = /offending rows: (\S+)/.exec(broken.stderr)?.[1] ?? '';
    expect((await readFile(kept, 'utf8')).split('\n').length).toBeGreaterThan(3);
    expect(await contentOf(project.path('out'))).toEqual(before);

    await project.write({ 'data/orders.csv': 'id,customer,amount,day\n1,a,10.50,2026-01-02\n' });
    const dropped = await project.run(words);
    expect(dropped.code).toBe(4);
    expect(dropped.stderr).toContain('75 % fewer than the 4 of the previous delivery');
    expect(await contentOf(project.path('out'))).toEqual(before);
  });
});

test('a comparison with the previous delivery is made again when the result is reused', async () => {
  await withProject(FILES, async (project) => {
    await project.write({ 'data/orders.csv': 'id,customer,amount,day\n1,a,10.50,2026-01-02\n' });
    expect((await project.run([...words.slice(0, 3), '--out', 'small'])).code).toBe(0);
    await project.write(FILES);
    expect((await project.run(words)).code).toBe(0);
    await project.write({ 'data/orders.csv': 'id,customer,amount,day\n1,a,10.50,2026-01-02\n' });
    const again = await project.run(words);
    expect([again.code, again.stderr]).toEqual([
      4,
      expect.stringContaining('of the previous delivery'),
    ]);
  });
});
