import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { expect, test } from '@jest/globals';

import { findStateDir } from '../../../src/run/definitions/state-dir.ts';

/** Files below a temporary folder, by path. */
async function withFiles(
  files: Readonly<Record<string, string>>,
  work: (at: (path: string) => string) => void | Promise<void>,
): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'builder-state-')));
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

test.each(['builder.yaml', 'package.json', '.git'])(
  'the state of a job lies beside the nearest %s above it, wherever the command is given',
  (mark) =>
    withFiles({ [`p/${mark}`]: '', 'p/deep/jobs/j.yaml': '' }, (at) => {
      const request = { job: at('p/deep/jobs/j.yaml'), home: '/nobody' };
      for (const cwd of ['/', at('p/deep'), at('')]) {
        expect(findStateDir({ ...request, cwd })).toEqual({ path: at('p/.builder') });
      }
    }),
);

test('the state of a job in no project lies beside the job, also from the root of the disk', () =>
  withFiles({ 'jobs/j.yaml': '' }, (at) => {
    const request = { job: at('jobs/j.yaml'), home: '/nobody' };
    expect(findStateDir({ ...request, cwd: '/' })).toEqual({ path: at('jobs/.builder') });
  }));

test('the home folder is no project, whatever lies in it', () =>
  withFiles({ 'home/.git/x': '', 'home/package.json': '', 'home/sub/j.yaml': '' }, (at) => {
    const request = { job: at('home/sub/j.yaml'), home: at('home'), cwd: '/' };
    expect(findStateDir(request)).toEqual({ path: at('home/sub/.builder') });
  }));

test('a folder that was named wins, and is relative to the working directory', () =>
  withFiles({ 'p/package.json': '' }, (at) => {
    const request = { given: 'st', job: at('p/j.yaml'), cwd: at('elsewhere') };
    expect(findStateDir(request)).toEqual({ path: at('elsewhere/st') });
  }));

test('a state folder that an earlier version left in the working directory is taken by the jobs it knows', () =>
  withFiles({ 'jobs/j.yaml': '', 'jobs/other.yaml': '' }, async (at) => {
    const run = at('cwd/.builder/runs/j-1');
    await mkdir(run, { recursive: true });
    await writeFile(join(run, 'run.json'), JSON.stringify({ job_path: at('jobs/j.yaml') }));
    const place = { cwd: at('cwd'), home: '/nobody' };
    expect(findStateDir({ job: at('jobs/j.yaml'), ...place })).toEqual({
      path: at('cwd/.builder'),
      insteadOf: at('jobs/.builder'),
    });
    expect(findStateDir({ job: at('jobs/other.yaml'), ...place })).toEqual({
      path: at('jobs/.builder'),
    });
  }));

test('commands that name no job look from the working directory', () =>
  withFiles({ 'p/package.json': '', 'p/sub/x': '', 'alone/x': '' }, (at) => {
    const home = '/nobody';
    expect(findStateDir({ cwd: at('p/sub'), home })).toEqual({ path: at('p/.builder') });
    expect(findStateDir({ cwd: at('alone'), home })).toEqual({ path: at('alone/.builder') });
  }));
