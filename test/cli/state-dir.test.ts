import { access, mkdir, rm } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { runCli, withProject } from '../harness/cli.ts';

const FILES = {
  'jobs/j.yaml': 'job: j\nprofile: p\n',
  'jobs/p.yaml': `profile: p
steps:
  one: { uses: transform.sql, with: { sql: 'select 1 as n' } }
`,
};

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

test('a line of cron, given in the root of the disk, keeps its state beside the project', () =>
  withProject(FILES, async (project) => {
    const before = await isThere('/.builder');
    const words = ['run-profile', '--job', project.path('jobs/j.yaml')];
    const { code, stderr } = await runCli([...words, '--out', project.path('out')], { cwd: '/' });
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining(`state     ${project.path('.builder')}\n`),
    ]);
    expect(await isThere('/.builder')).toBe(before);
    expect((await project.run(['runs'])).stdout).toMatch(/^j-\d+-\d+-\w+ {2}OK/);
  }));

test('a state folder that an earlier version left in the working directory is adopted, and says so', () =>
  withProject(FILES, async (project) => {
    await rm(project.path('package.json'));
    await mkdir(project.path('cwd'));
    const cwd = { cwd: project.path('cwd') };
    const run = ['run-profile', '--job', '../jobs/j.yaml', '--out', 'out'];
    expect((await runCli([...run, '--state-dir', '.builder'], cwd)).code).toBe(0);
    const { code, stderr } = await runCli([...run], cwd);
    expect([code, stderr]).toEqual([0, expect.stringContaining('1 CACHED')]);
    expect(stderr).toContain(
      `state     ${project.path('cwd/.builder')}\n` +
        `adopted   an earlier version made it; by itself it would be ${project.path('jobs/.builder')}\n`,
    );
    const elsewhere = await runCli([...run, '--out', '../out2'], { cwd: project.path('jobs') });
    expect(elsewhere.stderr).toContain(`state     ${project.path('jobs/.builder')}\n`);
  }));
