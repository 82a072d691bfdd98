import { readdir, readFile, writeFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { freePort, scrape, until, withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';
import { withService } from '../harness/service.ts';

import type { Project } from '../harness/cli.ts';

const FILES = {
  'data/orders.csv': 'id,amount\n1,10\n2,20\n3,30\n',
  'jobs/j.yaml': 'job: j\nprofile: p\ninputs: { orders: { path: ../data/orders.csv } }\n',
  'profiles/p.yaml': `
profile: p
steps:
  orders: { uses: collect.files, with: { from: '\${{ inputs.orders }}' } }
  most: { uses: transform.sql, needs: [orders], with: { sql: 'select * from orders where amount > 10' } }
  never: { uses: transform.sql, needs: [orders], when: false, with: { sql: 'select 1 as one' } }
  checks:
    uses: check.table
    with:
      table: most
      checks:
        - { row_count: { max_drop: 0.2 } }
        - { severity: warn, range: { column: amount, max: 25 } }
  files: { uses: export.dataset, needs: [checks], with: { from: most, formats: [csv, parquet] } }
`,
};
const JOB = ['--job', 'jobs/j.yaml', '--out', 'out'];
const RUN = ['run-profile', ...JOB];

/** Steps with their statuses, of a run that printed JSON. */
function statuses(stdout: string): Record<string, string> {
  const { steps } = JSON.parse(stdout) as { steps: { id: string; status: string }[] };
  return Object.fromEntries(steps.map(({ id, status }) => [id, status]));
}

/** How often a server was started; that the last one has ended is written down later. */
async function serverStarts(project: Project): Promise<number> {
  const log = await readFile(project.path('.builder/engine/server.log'), 'utf8');
  return log.split('Temporal Server:').length - 1;
}

const CACHED = {
  orders: 'CACHED',
  most: 'CACHED',
  never: 'SKIPPED',
  checks: 'WARN',
  files: 'CACHED',
};

test('an unchanged run is answered by the store: no engine, the same delivery, a record and a log of each step', () =>
  withProject(FILES, async (project) => {
    expect((await project.run(RUN)).code).toBe(0);
    const delivered = await contentOf(project.path('out'));
    expect(await serverStarts(project)).toBe(1);
    const again = await project.run([...RUN, '--json']);
    expect([again.code, statuses(again.stdout)]).toEqual([0, CACHED]);
    expect(again.stderr).toContain('engine    none is needed; the store holds every result');
    expect(await serverStarts(project)).toBe(1);
    expect(await contentOf(project.path('out'))).toEqual(delivered);
    const { run_id: id } = JSON.parse(again.stdout) as { run_id: string };
    expect((await project.run(['status', id])).stdout).toMatch(/^\S+ {2}WARN\n/);
    expect((await project.run(['logs', id, '--step', 'most'])).stdout).toMatch(
      /reused the result of most in run/,
    );
    const { run_id: inDelivery } = await project.readJson('out/run.json');
    expect(inDelivery).toBe(id);
  }));

test('a run of which one step changed is executed by the engine, and told once', () =>
  withProject(FILES, async (project) => {
    expect((await project.run(RUN)).code).toBe(0);
    const text = await readFile(project.path('profiles/p.yaml'), 'utf8');
    await writeFile(project.path('profiles/p.yaml'), text.replace('[csv, parquet]', '[csv]'));
    const again = await project.run([...RUN, '--json']);
    expect(statuses(again.stdout)).toEqual({ ...CACHED, files: 'OK' });
    const [told = ''] = again.stderr.split('\n\n');
    expect(told.match(/^ {2}orders {2}CACHED/gm)).toHaveLength(1);
    expect(again.stderr).toContain('engine    embedded Temporal');
    expect(await readdir(project.path('out'))).toEqual(['manifest.json', 'most.csv', 'run.json']);
  }));

test('outcomes without an engine are counted like any, each once', () =>
  withProject(FILES, async (project) => {
    expect((await project.run(RUN)).code).toBe(0);
    const port = await freePort();
    const words = [...RUN, '--prometheus-port', String(port), '--linger', '60'];
    const again = project.start([...words, '--prometheus-address', '127.0.0.1']);
    await again.says(/waiting for a last scrape/);
    const series = await until(() => scrape(port).catch(() => undefined), 'it answers');
    const of = (step: string, status: string): number | undefined =>
      series.get(
        `pipeline_step_status_total{job="j",profile="p",step="${step}",status="${status}"}`,
      );
    expect([of('orders', 'CACHED'), of('never', 'SKIPPED'), of('checks', 'WARN')]).toEqual([
      1, 1, 1,
    ]);
    expect(of('orders', 'OK')).toBe(0);
    expect((await again.ended).code).toBe(0);
  }));

test('with a service the workflow of an unchanged run is started all the same', () =>
  withProject(FILES, (project) =>
    withService(project, async ({ address }) => {
      const service = ['--temporal-address', address];
      const worker = project.start(['worker', ...service]);
      await worker.says(/serving/);
      for (const expected of ['OK', 'CACHED']) {
        const { stdout, stderr } = await project.run([...RUN, ...service, '--json']);
        expect(statuses(stdout)['files']).toBe(expected);
        expect(stderr).toContain(`engine    Temporal at ${address}`);
      }
    }),
  ));

test('explain foresees that a reused check fails, as the run then does', () =>
  withProject(FILES, async (project) => {
    expect((await project.run(RUN)).code).toBe(0);
    // The delivery before had three rows more than the stored result.
    const manifest = await readFile(project.path('out/manifest.json'), 'utf8');
    await writeFile(
      project.path('out/manifest.json'),
      manifest.replaceAll('"rows": 2', '"rows": 5'),
    );
    const explained = await project.run(['explain', ...JOB, '--json']);
    const { steps } = JSON.parse(explained.stdout) as {
      steps: { id: string; verdict: string; changes: string[] }[];
    };
    expect(steps.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['orders', 'reuse'],
      ['most', 'reuse'],
      ['never', 'skip'],
      ['checks', 'fail'],
      ['files', 'skip'],
    ]);
    const run = await project.run([...RUN, '--json']);
    expect(statuses(run.stdout)).toMatchObject({ checks: 'FAIL', files: 'SKIPPED' });
    const { problems } = JSON.parse(run.stdout) as { problems: { reason: string }[] };
    expect(steps[3]?.changes).toEqual([problems[0]?.reason]);
  }));
