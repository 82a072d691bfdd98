import { writeFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';

const FILES = {
  'data/a.csv': 'id,v\n1,10\n2,20\n',
  'jobs/j.yaml': 'job: j\nprofile: p\n',
  'profiles/p.yaml': `
profile: p
steps:
  a: { uses: collect.files, with: { from: ../data/a.csv } }
  files: { uses: export.dataset, with: { from: a, formats: [csv] } }
`,
};

test('inferred types are held against the delivery at --out, whatever ran elsewhere since', () =>
  withProject(FILES, async (project) => {
    /** What the step says of it. */
    const a = async (text: string, out: string): Promise<string> => {
      await writeFile(project.path('data/a.csv'), text);
      const words = ['run-profile', '--job', 'jobs/j.yaml', '--out', out, '--json'];
      const { stdout } = await project.run(words);
      const { steps } = JSON.parse(stdout) as { steps: { status: string; reason?: string }[] };
      return `${steps[0]?.status}${steps[0]?.reason === undefined ? '' : `: ${steps[0].reason}`}`;
    };
    expect(await a('id,v\n1,10\n', 'out')).toBe('OK');
    expect(await a('id,v\n1,x\n', 'elsewhere')).toContain("WARN: column 'v' is VARCHAR");
    expect(await a('id,v\n1,x\n', 'elsewhere')).toBe('CACHED');
    expect(await a('id,v\n2,y\n', 'out')).toContain("'v' is VARCHAR, it was BIGINT");
    expect(await a('id,v\n2,y\n', 'out')).toBe('CACHED');
  }));
