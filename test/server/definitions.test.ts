import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';

const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out', '--state-dir', 'state'];

test('waits less than a second between attempts where the profile says so', async () => {
  const files = {
    'jobs/j.yaml': 'job: j\nprofile: p\n',
    'profiles/p.yaml':
      'profile: p\nsteps:\n  a: { uses: exec.command, retry: { attempts: 5, backoff: 20ms, factor: 1 }, with: { shell: exit 1 } }\n',
  };
  await withProject(files, async (project) => {
    const { code } = await project.run(RUN);
    const [run] = await readdir(project.path('state/runs'));
    const log = await readFile(join(project.path('state/runs'), run!, 'logs/a.log'), 'utf8');
    const starts = [...log.matchAll(/^(\S+) attempt \d/gm)].map(([, at]) => Date.parse(at!));
    const waits = starts.slice(1).map((at, i) => at - starts[i]!);

    expect(code).toBe(1);
    expect(waits).toHaveLength(4);
    // A machine under load may be late, but not each time.
    expect(Math.min(...waits)).toBeLessThan(1000);
  });
});

test('gives a parameter the type it declares, whatever its value', async () => {
  const files = {
    'jobs/j.yaml':
      "job: j\nprofile: p\nparams:\n  r: { type: number, default: 1 }\n  n: { type: integer, default: 2 }\n  d: { type: date, default: '2026-01-31' }\n",
    'profiles/p.yaml':
      'profile: p\nsteps:\n  s: { uses: transform.sql, with: { sql: "select typeof(${{ params.r }}) as r, typeof(${{ params.n }}) as n, typeof(${{ params.d }}) as d, ${{ params.n }} * 2000000000 as x" } }\n  e: { uses: export.dataset, with: { from: s, name: s, formats: [csv] } }\n',
  };
  await withProject(files, async (project) => {
    for (const given of [[], ['--param', 'r=0.5', '--param', 'n=3']]) {
      const { code } = await project.run([...RUN, ...given]);
      const [, line] = (await readFile(project.path('out/s.csv'), 'utf8')).split('\n');

      expect(code).toBe(0);
      expect(line).toMatch(/^DOUBLE,BIGINT,DATE,/);
    }
  });
});

test('looks at the queries before anything starts', async () => {
  const files = {
    'jobs/j.yaml': 'job: j\nprofile: p\n',
    'profiles/p.yaml':
      'profile: p\nsteps:\n  orders: { uses: transform.sql, with: { sql: select 1 as x } }\n  b: { uses: transform.sql, needs: [orders], with: { sql: select * from order_s } }\n',
  };
  await withProject(files, async (project) => {
    const { code, stderr } = await project.run(RUN);

    expect(code).toBe(2);
    expect(stderr).toContain(
      "profiles/p.yaml:4:73: SQL_ERROR: step 'b': there is no table 'order_s'; visible here: orders. Did you mean 'orders'?",
    );
    expect(await readdir(project.path('.'))).not.toContain('state');
  });
});
