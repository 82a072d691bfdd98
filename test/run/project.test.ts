import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

import { ROOT, withProject } from '../harness/cli.ts';

import type { Project } from '../harness/cli.ts';

const SCENARIO = fileURLToPath(new URL('processes/scenario.mjs', import.meta.url));
const EXAMPLE = join(ROOT, 'examples/library/run.mjs');

const run = promisify(execFile);
const env = { ...process.env, NODE_OPTIONS: '' };

/** What a program made of the library, in its own process. */
async function scenario(
  project: Project,
  name: string,
): Promise<{ readonly answer: unknown; readonly types: readonly string[] }> {
  const { stdout } = await run(process.execPath, [SCENARIO, name, project.folder], { env });
  return JSON.parse(stdout);
}

test('the example runs twice in one process, with a kind of its own, and the second time needs no engine', () =>
  withProject({}, async (project) => {
    const example = async (): Promise<readonly string[]> => {
      const { stdout } = await run(process.execPath, [EXAMPLE, project.folder], { env });
      return stdout
        .replaceAll(/squares-\S+:/g, 'run:')
        .trim()
        .split('\n')
        .sort();
    };
    const first = await example();
    expect(first.filter((line) => /^(engine|squares|odd|files)/.test(line))).toEqual([
      'engine: embedded',
      ...['files: OK', 'files: OK', 'odd: OK', 'odd: OK', 'squares: OK', 'squares: OK'],
    ]);
    const csv = await readFile(project.path('up-to-10/odd.csv'), 'utf8');
    expect(csv).toBe('n,square\n1,1\n3,9\n5,25\n7,49\n9,81\n');
    const second = await example();
    expect(second.filter((line) => line.startsWith('engine'))).toEqual([
      'engine: none',
      'engine: none',
    ]);
    expect(second.filter((line) => line.endsWith('CACHED'))).toHaveLength(6);
  }));

test('a program hands in its definition as data, and the run is recorded like any other', () =>
  withProject({}, async (project) => {
    const { answer, types } = await scenario(project, 'a definition as data');
    expect(answer).toEqual({ asked: 1, status: 'OK', job: 'made' });
    expect(types).toEqual([
      'run_opening',
      'run_opened',
      'engine',
      'run_starting',
      'run_event',
      'run_closed',
    ]);
    expect(await readFile(project.path('out/numbers.csv'), 'utf8')).toBe('i\n0\n1\n');
  }));

test('a plan that cannot be run is refused with a code, before anything is created', () =>
  withProject({}, async (project) => {
    const { answer } = await scenario(project, 'wrong plans');
    const mistakes = ['UNKNOWN_KIND', 'BAD_VALUE', 'UNKNOWN_NEED', 'CYCLE'];
    expect(answer).toEqual(
      [...mistakes, 'TOO_MANY_STEPS', 'PLAN_TOO_LARGE', 'UNKNOWN_LIMIT'].map((code) => `${code} 2`),
    );
    expect(await readdir(project.folder)).toEqual(['package.json']);
  }));

test('a run that is left is open, and is gone on with in the same process', () =>
  withProject({}, async (project) => {
    const { answer } = await scenario(project, 'leave and go on');
    expect(answer).toEqual({ left: 'suspended', open: 'open', ended: 'OK', same: true });
  }));

test('the attempts of a run are heard of, unless it is said to be alone in its process', () =>
  withProject({}, async (project) => {
    expect((await scenario(project, 'heard of')).answer).toEqual([5, 0]);
  }));

test('a run is cancelled by a signal of the program', () =>
  withProject({}, async (project) => {
    const { answer } = await scenario(project, 'cancel');
    expect(answer).toEqual({ status: 'CANCELLED', exitCode: 130 });
  }));

test('a store in memory is enough to run on, and its journal to export from in another form', () =>
  withProject({}, async (project) => {
    const { answer } = await scenario(project, 'a store in memory and an exporter of another sort');
    expect(answer).toEqual({
      statuses: ['OK,OK', 'CACHED,CACHED'],
      listed: 2,
      since: ['numbers', 'files'],
      lines: [
        'steps.numbers.OK:1|c',
        'steps.numbers.CACHED:1|c',
        'steps.files.OK:1|c',
        'steps.files.CACHED:1|c',
      ],
    });
    expect(await readFile(project.path('out/numbers.csv'), 'utf8')).toBe('i\n0\n1\n2\n3\n4\n');
  }));

test('a run whose counts cannot be written, while its results can, ends well, counts, and says so', () =>
  withProject({}, async (project) => {
    const { answer } = await scenario(project, 'counts cannot be written');
    expect(answer).toEqual({ status: 'OK', steps: 'OK,OK', attempts: 2, told: true });
  }));

test('two runs of one process never write to one folder', () =>
  withProject({}, async (project) => {
    const { answer } = await scenario(project, 'one folder twice');
    expect(answer).toEqual({ first: 'CANCELLED', second: 'OUT_BUSY' });
  }));
