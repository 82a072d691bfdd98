import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { freePort, ROOT, scrape, until, withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';
import { withVersitygw } from './versitygw.ts';

import type { Project, Running } from '../harness/cli.ts';
import type { S3Service } from './versitygw.ts';

const STANDARD = ['--job', join(ROOT, 'jobs/standard.yaml'), '--profile', 'standard'];

type Team = {
  readonly project: Project;
  readonly service: S3Service;
  /** A command of a machine, which has a state folder of its own. */
  start(machine: string, words: readonly string[]): Running;
};

const withTeam = (work: (team: Team) => Promise<void>): Promise<void> =>
  withProject({}, (project) =>
    withVersitygw(project.folder, (service) =>
      work({
        ...{ project, service },
        start: (machine, [command = '', ...words]) =>
          project.start(
            [command, ...words, '--state-dir', machine, '--store', service.address('team')],
            service.env,
          ),
      }),
    ),
  );
const runTo = (out: string): readonly string[] => ['run-profile', ...STANDARD, '--out', out];
const ok = async (running: Running, words = 'OK'): Promise<string> => {
  const { code, stderr, stdout } = await running.ended;
  expect([code, stderr]).toEqual([0, expect.stringContaining(words)]);
  return stdout;
};

test('what one machine made another one finds: everything is CACHED, and the same bytes are delivered', () =>
  withTeam(async ({ project, start, service }) => {
    await ok(start('m1', runTo('one')), '19 OK');
    await ok(start('m2', runTo('two')), '19 CACHED');
    expect(await contentOf(project.path('two'))).toEqual(await contentOf(project.path('one')));
    const words = await textsBelow(project.path('m1'));
    expect(words.filter((text) => text.includes(service.env['AWS_SECRET_ACCESS_KEY']!))).toEqual(
      [],
    );
    for (const command of [['runs'], ['status'], ['prune', '--dry-run']]) {
      expect((await start('m2', command).ended).code).toBe(0);
    }
  }));

test('two machines that make the same at once both end well, with the same bytes', () =>
  withTeam(async ({ project, start }) => {
    const both = [start('m1', runTo('one')), start('m2', runTo('two'))];
    for (const running of both) await ok(running);
    expect(await contentOf(project.path('two'))).toEqual(await contentOf(project.path('one')));
  }));

test('a server that is killed and started again in the middle of a run is waited for', () =>
  withTeam(async ({ project, start, service }) => {
    const running = start('m1', runTo('one'));
    await running.says(/collect_\w+ +OK/);
    await service.kill();
    await service.start();
    await ok(running, '19 OK');
    await ok(start('m2', runTo('two')), '19 CACHED');
    expect(await contentOf(project.path('two'))).toEqual(await contentOf(project.path('one')));
  }));

test('a command that is killed anywhere leaves nothing half-written: it goes on, and ends with the same bytes', () =>
  withTeam(async ({ project, start }) => {
    await ok(
      project.start(['run-profile', ...STANDARD, '--out', 'plain', '--state-dir', 'plain-st']),
    );
    for (const moment of [/run +airports/, /collect_\w+ +OK/, /check_traffic +OK/, /score +OK/]) {
      const running = start('m1', runTo('out'));
      await running.says(moment).catch(() => undefined);
      running.kill('SIGKILL');
      await running.ended;
    }
    await ok(start('m1', runTo('out')));
    expect(await contentOf(project.path('out'))).toEqual(await contentOf(project.path('plain')));
  }));

test('prune empties the bucket of what nobody needs, and what stays is found', () =>
  withTeam(async ({ project, start, service }) => {
    const artifacts = async (): Promise<readonly string[]> =>
      (await readdir(join(service.folder, 'team/artifacts'))).toSorted();
    const other = ['--param', 'min_flights=2000'];
    await ok(start('m1', [...runTo('one'), ...other]), '19 OK');
    await rm(project.path('one'), { recursive: true });
    await ok(start('m1', runTo('two')));
    const before = await artifacts();
    const prune = ['prune', '--older-than', '0s', '--keep-runs', '1'];
    await ok(start('m1', prune), '');
    const left = await artifacts();
    expect(left.length).toBeLessThan(before.length);
    await ok(start('m2', runTo('three')), '19 CACHED');
    expect(await contentOf(project.path('three'))).toEqual(await contentOf(project.path('two')));
    await ok(start('m1', [...runTo('one'), ...other]));
  }));

test('a run that was killed is resumed from its store, with every finished step kept', () =>
  withTeam(async ({ project, start }) => {
    const killed = start('m1', runTo('one'));
    await killed.says(/routes +OK/);
    killed.kill('SIGKILL');
    await killed.ended;
    const resumed = start('m1', ['resume', '--out', 'one']);
    await ok(resumed);
    expect(resumed.said()).toMatch(/\d+ OK/);
    await ok(start('m2', runTo('two')), '19 CACHED');
    expect(await contentOf(project.path('two'))).toEqual(await contentOf(project.path('one')));
  }));

test('the exporter of one machine counts what another one does without any, once', () =>
  withTeam(async ({ start }) => {
    const port = await freePort();
    const exporter = ['--prometheus-port', String(port), '--prometheus-address', '127.0.0.1'];
    const server = start('m1', ['dev', ...exporter]);
    await until(async () => (await scrape(port).catch(() => undefined)) !== undefined, 'it serves');
    const counted = async (): Promise<number> => {
      const series = [...(await scrape(port))];
      const outcomes = series.filter(([name]) => name.startsWith('pipeline_step_status_total{'));
      return outcomes.reduce((sum, [, value]) => sum + value, 0);
    };
    await until(async () => (await counted()) === 0, 'it has adopted the store');
    await ok(start('m2', runTo('one')), '19 OK');
    await until(async () => (await counted()) === 19, 'it counts what the other machine did');
    server.kill('SIGTERM');
    await server.ended;
  }));

test('validate needs no store: where it cannot be asked, nothing is known of earlier results', () =>
  withTeam(async ({ project, service }) => {
    const words = ['validate', ...STANDARD, '--store', service.address('team')];
    const env = { AWS_EC2_METADATA_DISABLED: 'true' };
    expect((await project.run(words, env)).code).toBe(0);
    const refused = await project.run([...runTo('one'), '--store', 's3://'], service.env);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('BAD_USAGE')]);
  }));

test('a secret that is wrong, a bucket that is not there and a server that is away are said at once', () =>
  withTeam(async ({ project, start, service }) => {
    const wrong = { ...service.env, AWS_SECRET_ACCESS_KEY: 'wrong' };
    const store = ['--store', service.address('team')];
    const refused = await project.run([...runTo('one'), ...store], wrong);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('STORE_REFUSED')]);
    const typo = service.address('team').replace('builder/', 'typo/');
    const missing = await project.run([...runTo('one'), '--store', typo], service.env);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('STORE_NOT_FOUND')]);
    await service.kill();
    const away = await start('m1', runTo('one')).ended;
    expect([away.code, away.stderr]).toEqual([1, expect.stringContaining('STORE_UNREACHABLE')]);
    await service.start();
    await until(async () => (await start('m1', runTo('one')).ended).code === 0, 'it goes on');
  }));

async function textsBelow(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')),
  );
}
