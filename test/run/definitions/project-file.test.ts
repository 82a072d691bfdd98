import { chownSync, lchownSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { DefinitionError } from '../../../src/run/definitions/definition-error.ts';
import { listJobFiles } from '../../../src/run/definitions/job-files.ts';
import { readProjectFile } from '../../../src/run/definitions/project-file.ts';
import { findStateDir } from '../../../src/run/definitions/state-dir.ts';

/** A folder with these files, by path. */
async function withFiles(
  files: Readonly<Record<string, string>>,
  work: (at: (path: string) => string) => void | Promise<void>,
): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'builder-project-')));
  const at = (path: string): string => join(folder, path);
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), text);
    }
    await work(at);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function linesOf(work: () => unknown): Promise<readonly string[]> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return error.problems.map(({ file, line, column, message }) =>
      [file, line, column, message].join(':'),
    );
  }
  return [];
}

test('paths are relative to builder.yaml, wherever the command is given', () =>
  withFiles(
    { 'p/builder.yaml': 'store: st\nstate_dir: ../state\nprofiles: [how]\n', 'p/how/x.yaml': '' },
    (at) => {
      const file = readProjectFile({ job: at('p/jobs/a.yaml'), cwd: '/', home: '/nobody' });
      expect(file).toMatchObject({
        path: at('p/builder.yaml'),
        root: at('p'),
        store: at('p/st'),
        stateDir: at('state'),
        profiles: [at('p/how')],
      });
      expect(findStateDir({ cwd: at('p'), home: '/nobody' })).toEqual({ path: at('state') });
      expect(findStateDir({ given: 'x', cwd: at('p') })).toEqual({ path: at('p/x') });
    },
  ));

test('a project without builder.yaml has no settings, and no mistake', () =>
  withFiles({ 'p/package.json': '{}' }, (at) => {
    expect(readProjectFile({ cwd: at('p'), home: '/nobody' })).toBeUndefined();
  }));

test('a broken builder.yaml is told with its place, also by what only looks for the state folder', () =>
  withFiles({ 'builder.yaml': 'jbos: []\nprofiles: [gone]\n' }, async (at) => {
    const place = { cwd: at(''), home: '/nobody' };
    const lines = [expect.stringMatching(/^builder.yaml:1:1:unknown key 'jbos'/)];
    expect(await linesOf(() => readProjectFile(place))).toEqual(lines);
    expect(await linesOf(() => findStateDir(place))).toEqual(lines);
  }));

test('a folder of profiles that is not there is told with its place', () =>
  withFiles({ 'builder.yaml': 'profiles: [gone]\n' }, async (at) => {
    expect(await linesOf(() => readProjectFile({ cwd: at(''), home: '/nobody' }))).toEqual([
      "builder.yaml:1:12:profiles: there is no folder 'gone'",
    ]);
  }));

test('job files are listed by the globs, sorted, each once', () =>
  withFiles(
    {
      'builder.yaml': 'jobs: [teams/*/jobs/*.yaml, teams/b/jobs/one.yaml, extra.yaml]\n',
      'teams/b/jobs/one.yaml': '',
      'teams/a/jobs/two.yaml': '',
      'teams/a/notes.yaml': '',
      'extra.yaml': '',
    },
    async (at) => {
      const file = readProjectFile({ cwd: at(''), home: '/nobody' })!;
      expect(await listJobFiles(file)).toEqual([
        at('extra.yaml'),
        at('teams/a/jobs/two.yaml'),
        at('teams/b/jobs/one.yaml'),
      ]);
    },
  ));

test('each glob that means no file is told', () =>
  withFiles(
    { 'builder.yaml': 'jobs: [nightly/*.yaml, a.yaml, b.yaml]\n', 'a.yaml': '' },
    async (at) => {
      const file = readProjectFile({ cwd: at(''), home: '/nobody' })!;
      expect(await linesOf(() => listJobFiles(file))).toEqual([
        expect.stringMatching(/^builder.yaml:1:8:jobs: 'nightly\/\*.yaml': no file matches/),
        expect.stringMatching(/^builder.yaml:1:32:jobs: 'b.yaml': the file .* does not exist/),
      ]);
    },
  ));

test('where nothing is said the jobs are those in the folder jobs, which need not be there', () =>
  withFiles({ 'p/jobs/b.yaml': '', 'p/jobs/a.yml': '', 'none/x': '' }, async (at) => {
    expect(await listJobFiles({ root: at('p') })).toEqual([
      at('p/jobs/a.yml'),
      at('p/jobs/b.yaml'),
    ]);
    expect(await listJobFiles({ root: at('none') })).toEqual([]);
  }));

const asRoot = process.getuid?.() === 0 ? describe : describe.skip;

asRoot('where another user can be had', () => {
  const NOBODY = 65_534;

  test('a builder.yaml of another user above the project is refused, one of who owns the project is not', () =>
    withFiles({ 'builder.yaml': 'store: st\n', 'mine/jobs/a.yaml': 'job: a\n' }, async (at) => {
      const look = () =>
        readProjectFile({ job: at('mine/jobs/a.yaml'), cwd: '/', home: '/nobody' })?.store;
      expect(look()).toBe(at('st'));
      chownSync(at('builder.yaml'), NOBODY, NOBODY);
      expect(await linesOf(look)).toEqual([
        expect.stringMatching(/builder\.yaml:1:1:the file belongs to another user \(65534\)/),
      ]);
      // A link of his to a file of this user's.
      await writeFile(at('other.yaml'), 'store: st\n');
      await rm(at('builder.yaml'));
      await symlink(at('other.yaml'), at('builder.yaml'));
      lchownSync(at('builder.yaml'), NOBODY, NOBODY);
      expect(await linesOf(look)).toHaveLength(1);
      chownSync(at('mine/jobs'), NOBODY, NOBODY);
      expect(look()).toBe(at('st'));
    }));
});
