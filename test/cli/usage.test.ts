import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { runCli } from '../harness/cli.ts';

let cwd = '';
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'builder-usage-'));
  await writeFile(
    join(cwd, 'j.yaml'),
    'job: j\nprofile: ./p.yaml\nparams: { x: { type: integer, default: 1 } }\n',
  );
  await writeFile(
    join(cwd, 'p.yaml'),
    'profile: p\nsteps:\n  a: { uses: exec.command, with: { shell: echo } }\n',
  );
});
afterEach(async () => {
  await rm(cwd, { recursive: true });
});

const RUN = ['run-profile', '--job', 'j.yaml'];

test.each<readonly [words: readonly string[], code: string, message: string]>([
  [['runs', '--nope'], 'BAD_USAGE', "unknown option '--nope'"],
  [['run-profile', '--out', 'o'], 'BAD_USAGE', 'required option'],
  [['status', 'a', 'b'], 'BAD_USAGE', 'too many arguments'],
  [['--nope'], 'BAD_USAGE', 'unknown option'],
  [['runs', '--limit', '-1'], 'BAD_USAGE', "--limit is '-1'"],
  [['runs', '--status', 'nope'], 'BAD_USAGE', "--status is 'nope'; it is one of OK, "],
  [['runs', '--job', ''], 'BAD_USAGE', '--job is empty'],
  [['runs', '--limit', 'x'], 'BAD_USAGE', "--limit is 'x'"],
  [[...RUN, '--out', ''], 'BAD_USAGE', '--out is empty'],
  [[...RUN, '--out', 'o', '--state-dir', ''], 'BAD_USAGE', '--state-dir is empty'],
  [[...RUN, '--out', 'o', '--profile', ''], 'BAD_USAGE', '--profile is empty'],
  [[...RUN, '--out', 'o', '--secrets-dir', 'nope'], 'BAD_USAGE', '--secrets-dir nope is no folder'],
  [[...RUN, '--out', 'o', '--param', 'x=1', '--param', 'x=2'], 'BAD_PARAM', 'more than once'],
  [['resume', ''], 'BAD_USAGE', 'the run id is empty'],
  [['help', 'validat'], 'BAD_USAGE', "unknown command 'validat'. Did you mean 'validate'?"],
  [['validate', '--job', 'j.yaml', '--param'], 'BAD_PARAM', '--json is not of the form'],
])(
  'refuses %j with exit code 2, one document, and nothing left behind',
  async (words, code, message) => {
    const { code: exit, stdout } = await runCli([...words, '--json'], { cwd });

    expect(exit).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      error: expect.objectContaining({ code, message: expect.stringContaining(message) }),
    });
    expect(await readdir(cwd)).toEqual(['j.yaml', 'p.yaml']);
  },
);

test.each(['.', './in/', 'in', '..'])(
  'never tells to empty %s, which holds something',
  async (out) => {
    await mkdir(join(cwd, 'w/in'), { recursive: true });
    await writeFile(join(cwd, 'w/in/f.csv'), 'a\n1\n');
    const words = ['run-profile', '--job', '../j.yaml', '--out', out, '--state-dir', '../s'];
    const { code, stderr } = await runCli(words, { cwd: join(cwd, 'w') });

    expect(code).toBe(2);
    expect(stderr).toContain('OUT_NOT_OURS');
    expect(stderr).not.toMatch(/empty (?:it|the|\/)/i);
  },
);

test.each(['1>/dev/full', '2>/dev/full', '>/dev/full 2>&1', '2>&1 | true'])(
  'ends as it would, whatever becomes of its output (%s)',
  async (redirection) => {
    const script = `{ "$@"; echo $? >&3; } 3>code ${redirection}`;
    await runCli(['validate', '--job', 'j.yaml'], { cwd, within: ['sh', '-c', script, 'sh'] });
    expect(await readFile(join(cwd, 'code'), 'utf8')).toBe('0\n');
  },
);

test('says that --out is a file', async () => {
  const { code, stderr } = await runCli([...RUN, '--out', 'p.yaml'], { cwd });

  expect(code).toBe(2);
  expect(stderr).toContain('OUT_NOT_OURS: p.yaml is a file, and no folder; nothing was touched');
});

test('shows the help of a command by the word help, too', async () => {
  const { code, stdout } = await runCli(['help', 'backfill', 'status'], { cwd });

  expect(code).toBe(0);
  expect(stdout).toContain('Usage: builder_cli backfill status');
});

test('looks at the definitions of a batch without making it', async () => {
  await mkdir(join(cwd, 'jobs'));
  await writeFile(join(cwd, 'jobs/good.yaml'), 'job: good\nprofile: ../p.yaml\n');
  await writeFile(join(cwd, 'jobs/bad.yaml'), 'job: bad\nprofile: nope\n');
  const words = ['batch', '--job', 'jobs/*.yaml', '--dry-run', '--state-dir', 's', '--json'];
  const { code, stdout } = await runCli(words, { cwd });

  expect(code).toBe(2);
  const { runs, problems } = JSON.parse(stdout) as Record<string, readonly unknown[]>;
  expect(runs).toHaveLength(2);
  expect(problems).toEqual([expect.objectContaining({ file: 'jobs/bad.yaml', line: 2 })]);
});

test('says which secrets have no value here', async () => {
  const env = 'env: { A: "${{ secrets.NOT_THERE }}" }';
  await writeFile(
    join(cwd, 'p.yaml'),
    `profile: p\nsteps:\n  a: { uses: exec.command, with: { shell: echo, ${env} } }\n`,
  );
  const { code, stderr } = await runCli(['validate', '--job', 'j.yaml'], { cwd });

  expect(code).toBe(0);
  expect(stderr).toMatch(/remark +step 'a': the secret 'NOT_THERE' has no value here/);
});
