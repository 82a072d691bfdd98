import { readFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';

jest.setTimeout(180_000);

const FILES = {
  'jobs/j.yaml':
    'job: j\nprofile: p\nparams: { broken: { type: boolean, default: false }, told: { type: string, default: /dev/null } }\n',
  'profiles/p.yaml': `
profile: p
defaults: { retry: { attempts: 1 } }
steps:
  numbers: { uses: transform.sql, with: { sql: 'select i from range(3) t(i)' } }
  fragile:
    uses: check.table
    when: \${{ params.broken }}
    with: { table: numbers, checks: [{ name: many, row_count: { min: 10 } }] }
  rescue:
    uses: transform.sql
    when: { value: '\${{ steps.fragile.status }}', equals: FAIL }
    with: { sql: "select \${{ params.broken }} as broken" }
  mourn:
    uses: exec.command
    run_if: failed
    with:
      command: [sh, -c, 'printf "%s|%s|%s" "$1" "$2" "$3" | tee told.txt > "$4"', sh, '\${{ run.status }}', '\${{ run.failed }}', '\${{ run.message }}', '\${{ params.told }}']
      outputs: { told: { path: told.txt } }
  close:
    uses: exec.command
    run_if: always
    with:
      command: [sh, -c, 'echo "$1" > said.txt', sh, 'ended \${{ run.status }}']
      outputs: { said: { path: said.txt } }
  files: { uses: export.dataset, needs: [fragile], with: { from: numbers, formats: [csv] } }
`,
};

type Result = {
  readonly status: string;
  readonly steps: readonly {
    readonly id: string;
    readonly status: string;
    readonly reason?: string;
  }[];
};

test('a failing step has its handlers run and told, a run without one has them skipped', () =>
  withProject(FILES, async (project) => {
    const run = async (...words: readonly string[]) => {
      const ended = await project.run([
        'run-profile',
        '--job',
        'jobs/j.yaml',
        '--out',
        'out',
        '--json',
        ...words,
      ]);
      const result = JSON.parse(ended.stdout) as Result;
      return {
        code: ended.code,
        status: result.status,
        steps: Object.fromEntries(result.steps.map(({ id, status }) => [id, status])),
        reason: (id: string) => result.steps.find((step) => step.id === id)?.reason,
      };
    };

    const bad = await run('--param', 'broken=true', '--param', `told=${project.path('told.txt')}`);
    expect(bad).toMatchObject({
      code: 4,
      status: 'FAIL',
      steps: {
        numbers: 'OK',
        fragile: 'FAIL',
        rescue: 'OK',
        mourn: 'OK',
        close: 'OK',
        files: 'SKIPPED',
      },
    });

    expect(await readFile(project.path('told.txt'), 'utf8')).toMatch(
      /^FAIL\|fragile\|step 'fragile' ended FAIL: [^]*many: 3 rows/,
    );

    const good = await run();
    expect(good).toMatchObject({
      code: 0,
      status: 'OK',
      steps: {
        numbers: 'CACHED',
        fragile: 'SKIPPED',
        rescue: 'SKIPPED',
        mourn: 'SKIPPED',
        close: 'OK',
        files: 'OK',
      },
    });
    expect(good.reason('mourn')).toBe('nothing failed that it waited for (run_if)');
    expect(await readFile(project.path('out/numbers.csv'), 'utf8')).toBe('i\n0\n1\n2\n');
  }));
