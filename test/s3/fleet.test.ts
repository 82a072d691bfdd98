import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { freePort, ROOT, scrape, until, withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';
import { withService } from '../harness/service.ts';
import { withVersitygw } from './versitygw.ts';

import type { Project, Running } from '../harness/cli.ts';

const STANDARD = ['--job', join(ROOT, 'jobs/standard.yaml'), '--profile', 'standard'];

/** Every series of a metric over all exporters. */
async function sumsOf(ports: readonly number[], metric: string): Promise<number> {
  let sum = 0;
  for (const port of ports) {
    for (const [name, value] of await scrape(port)) if (name.startsWith(metric)) sum += value;
  }
  return sum;
}

const alone = async (project: Project): Promise<Record<string, string>> => {
  const words = ['run-profile', ...STANDARD, '--out', 'alone', '--state-dir', 'st-alone'];
  expect((await project.run(words)).code).toBe(0);
  return contentOf(project.path('alone'));
};

test('two workers with a store in a bucket, each killed once and the server once, deliver the bytes of one machine', () =>
  withProject({}, (project) =>
    withService(project, (service) =>
      withVersitygw(project.folder, async (s3) => {
        const expected = await alone(project);
        const flags = ['--temporal-address', service.address, '--store', s3.address('fleet')];
        const ports = [await freePort(), await freePort()];
        const worker = (n: number): Running =>
          project.start(
            [
              ...['worker', ...flags, '--state-dir', `st-w${n}`, '--slots', '2'],
              ...['--prometheus-port', String(ports[n]), '--prometheus-address', '127.0.0.1'],
            ],
            s3.env,
          );
        const workers = [worker(0), worker(1)];
        for (const one of workers) await one.says(/^serving/m);
        const replace = async (n: number): Promise<void> => {
          workers[n]!.kill('SIGKILL');
          await workers[n]!.ended;
          workers[n] = worker(n);
        };

        const words = ['run-profile', ...STANDARD, '--out', 'fleet', '--state-dir', 'st-caller'];
        const called = project.start([...words, ...flags], s3.env);
        await called.says(/collect_\w+ +OK/);
        await replace(0);
        await called.says(/(strikes|clean|routes) +OK/);
        await s3.kill();
        await s3.start();
        await replace(1);
        const { code, stderr } = await called.ended;
        expect([code, stderr]).toEqual([0, expect.stringContaining('19 OK')]);
        expect(await contentOf(project.path('fleet'))).toEqual(expected);

        // Each outcome is counted once, whoever was killed.
        for (const one of workers) await one.says(/^serving/m);
        await until(
          async () => (await sumsOf(ports, 'pipeline_step_status_total{')) === 19,
          'both exporters together count 19 outcomes',
        );

        // What a step wrote is read where it did not run.
        const logs = await project.run(
          ['logs', '--out', 'fleet', '--state-dir', 'st-caller'],
          s3.env,
        );
        expect(logs.stdout).toMatch(/^score {2}.* done in \d+ ms$/m);

        const again = [...words.map((word) => (word === 'fleet' ? 'again' : word)), ...flags];
        const second = await project.run(again, s3.env);
        expect([second.code, second.stderr]).toEqual([0, expect.stringContaining('19 CACHED')]);
        expect(await contentOf(project.path('again'))).toEqual(expected);

        for (const one of workers) one.kill('SIGTERM');
        for (const one of workers) expect((await one.ended).code).toBe(0);
      }),
    ),
  ));

test('three workers go on with a run whose command has left, each killed once and the server once: the same bytes', () =>
  withProject({}, (project) =>
    withService(project, (service) =>
      withVersitygw(project.folder, async (s3) => {
        const expected = await alone(project);
        const flags = ['--temporal-address', service.address, '--store', s3.address('fleet')];
        const worker = (n: number): Running =>
          project.start(
            ['worker', '--deliver', ...flags, '--state-dir', `st-w${n}`, '--slots', '2'],
            s3.env,
          );
        const workers = [worker(0), worker(1), worker(2)];
        for (const one of workers) await one.says(/^serving/m);
        const place = ['--state-dir', 'st-caller', ...flags];
        const words = ['run-profile', ...STANDARD, '--out', 'fleet', '--detach', ...place];
        const left = await project.run(words, s3.env);
        expect([left.code, left.stderr]).toEqual([0, expect.stringContaining('airports-')]);

        const ended = async (step: RegExp): Promise<boolean> => {
          const { stdout } = await project.run(['status', '--json', ...place], s3.env);
          const { steps } = JSON.parse(stdout) as {
            readonly steps: readonly { readonly id: string; readonly status: string }[];
          };
          return steps.some(({ id, status }) => step.test(id) && status === 'OK');
        };
        for (const [n, step] of [/collect/, /routes|strikes|clean/, /check/].entries()) {
          await until(() => ended(step), 'a step ends', 60_000);
          if (n === 1) await s3.kill();
          workers[n]!.kill('SIGKILL');
          await workers[n]!.ended;
          workers[n] = worker(n);
          if (n === 1) await s3.start();
        }
        await until(
          async () => {
            const { stdout } = await project.run(['status', '--json', ...place], s3.env);
            return (JSON.parse(stdout) as { readonly state: string }).state === 'closed';
          },
          'the run is closed by a worker',
          120_000,
        );
        const status = await project.run(['status', ...place], s3.env);
        expect(status.stdout).toMatch(/OK/);
        expect(await contentOf(project.path('fleet'))).toEqual(expected);
        for (const one of workers) one.kill('SIGTERM');
        for (const one of workers) expect((await one.ended).code).toBe(0);
      }),
    ),
  ));
