import { access } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';

const JOB = 'job: j\nprofile: p\n';
const PROFILE = `profile: p
steps:
  one: { uses: transform.sql, with: { sql: 'select 1 as n' } }
`;

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

test('state, store and profiles lie where builder.yaml says, and flags win', () =>
  withProject(
    {
      'builder.yaml': 'state_dir: var/state\nstore: var/store\nprofiles: [shared/how]\n',
      'jobs/j.yaml': JOB,
      'shared/how/p.yaml': PROFILE,
    },
    async ({ run, path }) => {
      const words = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out'];
      const { code, stderr } = await run(words);
      expect([code, stderr]).toEqual([
        0,
        expect.stringContaining(`state     ${path('var/state')}\n`),
      ]);
      expect(await isThere(path('var/store/journal'))).toBe(true);
      expect(await isThere(path('.builder'))).toBe(false);
      expect((await run(['runs'])).stdout).toMatch(/^j-\d+-\d+-\w+ {2}OK/);
      expect((await run(['status', '--out', 'out'])).code).toBe(0);

      const flags = ['--state-dir', 'mine', '--store', 'stored'];
      expect((await run([...words, ...flags])).code).toBe(0);
      expect(await isThere(path('stored/journal'))).toBe(true);
      expect((await run(['runs', '--state-dir', 'mine'])).stdout).toMatch(/^j-/);
    },
  ));

test('validate tells what is wrong in builder.yaml together with the other files', () =>
  withProject(
    { 'builder.yaml': 'jbos: []\n', 'jobs/j.yaml': `${JOB}parms: {}\n`, 'jobs/p.yaml': PROFILE },
    async ({ run }) => {
      const { code, stderr } = await run(['validate', '--job', 'jobs/j.yaml']);
      expect([code, stderr.split('\n')]).toEqual([
        2,
        [
          expect.stringMatching(/^builder.yaml:1:1: UNKNOWN_KEY: .* Did you mean 'jobs'\?$/),
          expect.stringMatching(/^jobs\/j.yaml:3:1: UNKNOWN_KEY: .* Did you mean 'params'\?$/),
          '2 problems',
          '',
        ],
      ]);
    },
  ));

test('validate without a job checks builder.yaml and every job that it lists', () =>
  withProject(
    {
      'jobs/j.yaml': JOB,
      'jobs/p.yaml': PROFILE,
      'builder.yaml': 'jobs: [jobs/j.yaml, more/*.yaml]\n',
    },
    async ({ run, write }) => {
      const words = ['validate'];
      expect(await run(words)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^builder.yaml:1:21: FILE_NOT_FOUND: jobs: 'more\/\*.yaml'/m),
      });
      await write({
        'more/needs.yaml': 'job: needs\nprofile: ../jobs/p.yaml\nparams: { day: { type: date } }\n',
        'more/broken.yaml': 'job: broken\nprofile: gone\n',
      });
      const broken = await run(words);
      expect([broken.code, broken.stderr]).toEqual([
        2,
        expect.stringContaining("more/broken.yaml:2:10: FILE_NOT_FOUND: the profile 'gone'"),
      ]);
      expect(broken.stderr).toContain('valid     jobs/j.yaml');
      await write({ 'more/broken.yaml': 'job: broken\nprofile: ../jobs/p.yaml\n' });
      const { code, stderr } = await run(words);
      expect([code, stderr]).toEqual([0, expect.stringMatching(/3 jobs checked\n$/)]);
      expect(JSON.parse((await run([...words, '--json'])).stdout)).toMatchObject({
        ok: true,
        jobs: [
          { file: 'jobs/j.yaml', job: 'j' },
          { file: 'more/broken.yaml' },
          { file: 'more/needs.yaml' },
        ],
        problems: [],
      });
      expect((await run([...words, '--profile', 'p'])).stderr).toContain('--profile needs --job');
    },
  ));

test('prune keeps what builder.yaml says where its flags say nothing', () =>
  withProject(
    {
      'builder.yaml': 'retention: { keep_runs: 2 }\n',
      'jobs/j.yaml': JOB,
      'jobs/p.yaml': PROFILE,
    },
    async ({ run }) => {
      const words = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out'];
      for (let i = 0; i < 4; i += 1) expect((await run(words)).code).toBe(0);
      const { stderr } = await run(['prune']);
      expect(stderr).toContain('keeping   the newest 2 runs, as builder.yaml says\n');
      expect((await run(['runs'])).stdout.trim().split('\n')).toHaveLength(2);
      const { stderr: again } = await run(['prune', '--keep-runs', '1']);
      expect(again).not.toContain('builder.yaml');
      expect((await run(['runs'])).stdout.trim().split('\n')).toHaveLength(1);
    },
  ));

test('schema prints what editors complete builder.yaml with', () =>
  withProject({}, async ({ run }) => {
    const { stdout } = await run(['schema', 'builder']);
    expect(Object.keys((JSON.parse(stdout) as { properties: object }).properties)).toEqual([
      'jobs',
      'profiles',
      'store',
      'state_dir',
      'limits',
      'hooks',
      'retention',
    ]);
  }));
