import { readFile, writeFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';

const profile = (severity: string): string => `
profile: p
steps:
  a: { uses: collect.files, with: { from: ../data/a.csv } }
  checks:
    uses: check.table
    with: { table: a, checks: [{ severity: ${severity}, range: { column: v, max: 5 } }] }
`;
const FILES = {
  'data/a.csv': 'id,v\n1,3\n2,7\n3,9\n',
  'jobs/j.yaml': 'job: j\nprofile: p\n',
  'profiles/p.yaml': profile('fail'),
};
const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--json', '--metrics-file', 'm.prom'];

type Step = { status: string; reason: string; rows_rejected?: number };

test('the rows that a check rejected are told where it fails, too; its kept file only by the run that kept it', () =>
  withProject(FILES, async (project) => {
    const checks = async (out: string): Promise<Step> => {
      const { stdout } = await project.run([...RUN, '--out', out]);
      return (JSON.parse(stdout) as { steps: Step[] }).steps[1]!;
    };
    const failed = await checks('out');
    expect(failed).toMatchObject({ status: 'FAIL', rows_rejected: 2 });
    expect(await readFile(project.path('m.prom'), 'utf8')).toMatch(
      /pipeline_step_rows\{[^}]*step="checks"[^}]*direction="rejected"[^}]*\} 2/,
    );
    await writeFile(project.path('profiles/p.yaml'), profile('warn'));
    const warned = await checks('out');
    expect(warned).toMatchObject({ status: 'WARN', rows_rejected: 2 });
    expect(warned.reason).toMatch(/^range\(v\): 2 of 3 .*; offending rows: .*rejected\.jsonl$/);
    const again = await checks('elsewhere');
    expect(again).toMatchObject({ status: 'WARN', rows_rejected: 2 });
    expect(again.reason).toMatch(/^range\(v\): 2 of 3 rows break it/);
    expect(again.reason).not.toContain('rejected.jsonl');
  }));
