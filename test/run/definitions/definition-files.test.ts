import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, expect, test } from '@jest/globals';

import { DefinitionError } from '../../../src/run/definitions/definition-error.ts';
import { loadDefinition } from '../../../src/run/definitions/load-definition.ts';
import { problemLine } from '../../../src/definition/render-problems.ts';
import { FAKE_KINDS } from '../../definition/fake-kinds.ts';

import type {
  Definition,
  DefinitionRequest,
} from '../../../src/run/definitions/load-definition.ts';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A folder with these files. */
async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-definition-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

function load(cwd: string, request: Partial<DefinitionRequest> = {}): Promise<Definition> {
  const defaults = { jobPath: 'jobs/a.yaml', params: [], start: { date: '2026-01-31' } };
  return loadDefinition({ ...defaults, cwd, kinds: FAKE_KINDS, ...request });
}

/** The problems as lines, the folder written as `.`. */
async function problemsOf(
  cwd: string,
  request: Partial<DefinitionRequest> = {},
): Promise<readonly string[]> {
  const error = await load(cwd, request).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DefinitionError);
  return (error as DefinitionError).problems.map((each) => problemLine(each).replaceAll(cwd, '.'));
}

const JOB = 'job: demo\nprofile: main\ninputs: { d: { path: ../data/d.csv } }\n';
const MAIN =
  "profile: main\nextends: base\nsteps:\n  b: { uses: fake.make, with: { from: '${{ inputs.d }}' } }\n";
const BASE = 'profile: base\nsteps:\n  a: { uses: fake.make, with: { text: "${{ job.name }}" } }\n';
const ALL = {
  'jobs/a.yaml': JOB,
  'data/d.csv': 'x\n',
  'profiles/main.yaml': MAIN,
  'profiles/base.yaml': BASE,
};

test('answers the plan, its hash and where it comes from', async () => {
  const cwd = await folderWith(ALL);

  const { plan, planSha256, jobDir, jobPath, profilePath, origins } = await load(cwd);

  expect(plan.steps.map(({ id, options }) => [id, options])).toEqual([
    ['a', { rows: 1, text: 'demo' }],
    ['b', { rows: 1, from: join(cwd, 'data/d.csv') }],
  ]);
  expect(planSha256).toMatch(/^[0-9a-f]{64}$/);
  expect([jobPath, jobDir]).toEqual([join(cwd, 'jobs/a.yaml'), join(cwd, 'jobs')]);
  expect(profilePath).toBe(join(cwd, 'profiles/main.yaml'));
  expect(origins['steps.a.with.text']).toBe('profiles/base.yaml:3');
});

test('hashes what a definition means, not how it is written', async () => {
  const cwd = await folderWith(ALL);
  const { planSha256: before } = await load(cwd);

  await writeFile(
    join(cwd, 'profiles/base.yaml'),
    `# a comment\n${BASE.replace('{ uses', '{  uses')}`,
  );
  const { planSha256: same } = await load(cwd);
  await writeFile(join(cwd, 'profiles/base.yaml'), BASE.replace('text:', 'rows: 2, text:'));
  const { planSha256: changed } = await load(cwd);

  expect(same).toBe(before);
  expect(changed).not.toBe(before);
});

test('hashes the same project alike in any folder, and another file in it otherwise', async () => {
  const files = {
    ...ALL,
    'profiles/base.yaml': BASE.replace('${{ job.name }}', '--in=${{ inputs.d }}'),
  };
  const [one, two] = [await folderWith(files), await folderWith(files)];
  const { plan, planSha256 } = await load(one);
  expect(plan.steps[0]?.options).toMatchObject({ text: `--in=${join(one, 'data/d.csv')}` });
  expect((await load(two)).planSha256).toBe(planSha256);
  await writeFile(join(two, 'data/e.csv'), 'x\n');
  await writeFile(join(two, 'jobs/a.yaml'), JOB.replace('d.csv', 'e.csv'));
  expect((await load(two)).planSha256).not.toBe(planSha256);
  // What is written as an absolute path is another place.
  await writeFile(join(two, 'jobs/a.yaml'), JOB.replace('../data', join(two, 'data')));
  expect((await load(two)).planSha256).not.toBe(planSha256);
});

test.each([
  ['beside the folder of the job', 'profiles/x.yaml', 'x'],
  ['beside the job', 'jobs/x.yaml', 'x'],
  ['below the working folder', 'here/profiles/x.yaml', 'x'],
  ['as a path', 'elsewhere/x.yaml', '../elsewhere/x.yaml'],
  ['as a path that ends in .yml', 'elsewhere/x.yml', '../elsewhere/x.yml'],
])('finds a profile %s', async (_where, file, profile) => {
  const folder = await folderWith({ 'jobs/a.yaml': 'job: demo\n', 'here/x': '', [file]: BASE });

  const definition = await load(join(folder, 'here'), { jobPath: '../jobs/a.yaml', profile });

  expect(definition.profilePath).toBe(join(folder, file));
});

test('prefers the profile of the command line to that of the job', async () => {
  const cwd = await folderWith(ALL);

  expect((await load(cwd, { profile: 'base' })).plan.profile).toBe('base');
});

test('says where it looked for a profile, and which one may be meant', async () => {
  const cwd = await folderWith({ ...ALL, 'jobs/a.yaml': JOB.replace('main', 'mian') });

  expect(await problemsOf(cwd)).toEqual([
    "jobs/a.yaml:2:10: FILE_NOT_FOUND: the profile 'mian' was not found; looked for ./profiles/mian.yaml, ./jobs/mian.yaml. Did you mean 'main'?",
  ]);
  const [line] = await problemsOf(cwd, { profile: 'other' });
  expect(line).toMatch(/^--profile other: FILE_NOT_FOUND: /);
});

test('says which extended profile is missing, and still checks the rest', async () => {
  const main = `${MAIN.replace('base', 'bsae')}  c: { uses: nothing, needs: [a] }\n`;
  const cwd = await folderWith({ ...ALL, 'profiles/main.yaml': main });

  const lines = await problemsOf(cwd);

  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^profiles\/main.yaml:2:10: FILE_NOT_FOUND: .* Did you mean 'base'\?$/);
  expect(lines[1]).toMatch(/^profiles\/main.yaml:5:14: UNKNOWN_KIND/);
});

test('names the circle of profiles that extend each other', async () => {
  const base = BASE.replace('steps', 'extends: main\nsteps');
  const cwd = await folderWith({ ...ALL, 'profiles/base.yaml': base });

  expect(await problemsOf(cwd)).toEqual([
    'profiles/base.yaml:2:10: EXTENDS_CYCLE: profiles extend each other in a circle: main.yaml -> base.yaml -> main.yaml',
  ]);
});

test('asks for a profile when neither job nor command line names one', async () => {
  const cwd = await folderWith({ ...ALL, 'jobs/a.yaml': 'job: demo\n' });

  expect(await problemsOf(cwd)).toEqual([
    "jobs/a.yaml:1:1: MISSING_KEY: no profile is given; the job has no key 'profile'. Give --profile name.",
  ]);
});

test('names each missing file once, where it is written', async () => {
  const job = JOB.replace('d.csv', '*.tsv');
  const main = `${MAIN}  c: { uses: fake.make, with: { from: [../data/d.csv, gone.csv] } }\n`;
  const cwd = await folderWith({ ...ALL, 'jobs/a.yaml': job, 'profiles/main.yaml': main });

  expect(await problemsOf(cwd)).toEqual([
    'jobs/a.yaml:3:22: FILE_NOT_FOUND: no file matches ./data/*.tsv (looked in ./data). Paths are relative to the job file.',
    'profiles/main.yaml:5:55: FILE_NOT_FOUND: the file ./jobs/gone.csv does not exist. Paths are relative to the job file.',
  ]);
});

test('takes parameters, each once, with equals signs in them', async () => {
  const job = `${JOB}params: { p: { type: string } }\n`;
  const cwd = await folderWith({ ...ALL, 'jobs/a.yaml': job });

  const { plan } = await load(cwd, { params: ['p=a=b'] });

  expect(plan.params).toEqual({ p: 'a=b' });
  await expect(load(cwd, { params: ['p=1', 'p=1'] })).rejects.toMatchObject({ code: 'BAD_PARAM' });
  await expect(load(cwd, { params: ['p'] })).rejects.toMatchObject({ code: 'BAD_PARAM' });
  expect(await problemsOf(cwd, { params: ['p=x', 'q=1'] })).toEqual([
    "--param q: BAD_PARAM: the job has no parameter 'q'; it has p. Did you mean 'p'?",
  ]);
});

test('says in a sentence that the job file is not there', async () => {
  const cwd = await folderWith({ 'x.yaml': '' });

  for (const jobPath of ['gone.yaml', '.']) {
    await expect(load(cwd, { jobPath })).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      exitCode: 2,
      message: `the job file ${jobPath} does not exist or cannot be read`,
    });
  }
});
