import { readdir, writeFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';

const profile = (sql: string, check = 'amount', made = 'n'): string => `
profile: p
steps:
  a: { uses: collect.files, with: { from: ../data/a.csv } }
  cmd:
    uses: exec.command
    with: { command: [sh, make.sh], files: [../data/make.sh], outputs: { table: { path: t.csv } } }
  q: { uses: transform.sql, needs: [a], with: { sql: '${sql}' } }
  by: { uses: transform.sql, needs: [cmd], with: { sql: 'select ${made} from cmd' } }
  after: { uses: transform.sql, needs: [q], with: { sql: 'select id from q' } }
  checks: { uses: check.table, with: { table: a, checks: [{ range: { column: ${check}, max: 500 } }] } }
  files: { uses: export.dataset, with: { from: q, formats: [csv] } }
`;
const FILES = {
  'data/a.csv': 'id,amount,name\n1,10.50,x\n',
  'data/make.sh': 'printf "n\\n5\\n" > t.csv\n',
  'jobs/j.yaml': 'job: j\nprofile: p\n',
  'profiles/p.yaml': profile('select id, amount from a'),
};
const JOB = ['--job', 'jobs/j.yaml'];

test('validate knows the columns that are inferred from what a run has stored of these very bytes', () =>
  withProject(FILES, async (project) => {
    const problems = async (text: string): Promise<readonly string[]> => {
      await writeFile(project.path('profiles/p.yaml'), text);
      const { stdout } = await project.run(['validate', ...JOB, '--json']);
      const { error } = JSON.parse(stdout) as {
        error?: { problems: { line: number; column: number; message: string }[] };
      };
      return (error?.problems ?? []).map(
        ({ line, column, message }) => `${line}:${column} ${message}`,
      );
    };
    const wrong = profile('select id, amuont from a');
    // Nothing is known before the first run, and looking makes nothing.
    expect(await problems(wrong)).toEqual([]);
    expect((await readdir(project.path('.'))).toSorted()).toEqual([
      'data',
      'jobs',
      'package.json',
      'profiles',
    ]);

    await writeFile(project.path('profiles/p.yaml'), FILES['profiles/p.yaml']);
    const ran = await project.run(['run-profile', ...JOB, '--out', 'out']);
    expect([ran.code, ran.stderr]).toEqual([0, expect.any(String)]);
    expect(await problems(FILES['profiles/p.yaml'])).toEqual([]);
    const [about, ...others] = await problems(wrong);
    expect([about, others]).toEqual([expect.stringMatching(/^8:\d+ .*amuont/), []]);
    expect(await problems(profile('select id, amount from a', 'name'))).toEqual([
      expect.stringMatching(/^11:\d+ .*name/),
    ]);

    expect(await problems(profile('select id from a', 'amount', 'm'))).toEqual([
      expect.stringMatching(/^9:\d+ .*m/),
    ]);

    // Other bytes may have other columns.
    await writeFile(project.path('data/a.csv'), 'id,amuont,name\n1,10.50,5\n');
    expect(await problems(wrong)).toEqual([]);
    expect(await problems(profile('select id from a', 'name'))).toEqual([]);
  }));
