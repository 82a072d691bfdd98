import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';

import { expect, test } from '@jest/globals';
import bcrypt from 'bcryptjs';

import { freePort, scrape, withProject } from '../harness/cli.ts';

const FILES = {
  'j.yaml': 'job: nightly\n',
  'p.yaml': `
profile: p
steps:
  first: { uses: exec.command, with: { shell: 'true' } }
  second: { uses: exec.command, needs: [first], with: { shell: 'exit 3' } }
`,
};
const RUN = ['run-profile', '--job', 'j.yaml', '--profile', 'p.yaml', '--out', 'out'];
const SERIES = 'pipeline_step_status_total{job="nightly",profile="p"';

/** Samples of an exposition: name and labels to value. */
function samplesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]));
}

test('a metrics file goes on from one run to the next, without a port', () =>
  withProject(FILES, async (project) => {
    const values: (number | undefined)[] = [];
    for (let n = 0; n < 2; n += 1) {
      const { code } = await project.run([...RUN, '--metrics-file', 'nightly.prom']);
      expect(code).toBe(1);
      const samples = samplesOf(await readFile(project.path('nightly.prom'), 'utf8'));
      values.push(samples.get(`${SERIES},step="second",status="FAIL"}`));
      expect(samples.get(`${SERIES},step="second",status="OK"}`)).toBe(0);
      expect(samples.get('pipeline_run_failed_timestamp_seconds{job="nightly",profile="p"}')).toBe(
        samples.get('pipeline_run_ended_timestamp_seconds{job="nightly",profile="p"}'),
      );
    }
    expect(values).toEqual([1, 2]);
  }));

test('a metrics file that a command did not come to write is written by the resume that finds nothing to do', () =>
  withProject(
    { ...FILES, 'p.yaml': FILES['p.yaml'].replace('exit 3', 'true') },
    async (project) => {
      const file = ['--metrics-file', 'nightly.prom'];
      expect((await project.run([...RUN, ...file])).code).toBe(0);
      const written = await readFile(project.path('nightly.prom'), 'utf8');
      // As it was before the first step ended.
      const early = written.replaceAll(/(status="OK"\}) 1$/gm, '$1 0');
      expect(early).not.toBe(written);
      await writeFile(project.path('nightly.prom'), early);
      const { run_id: id } = await project.readJson<{ run_id: string }>('out/run.json');
      const again = await project.run(['resume', id, ...file]);
      expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('NOTHING_TO_RESUME')]);
      const counts = (text: string) =>
        text.split('\n').filter((line) => line.startsWith('pipeline_step_status_total'));
      expect(counts(await readFile(project.path('nightly.prom'), 'utf8'))).toEqual(counts(written));
    },
  ));

test('with --wait-for-scrape the first scrape sees every step at 0, and only then a step runs', () =>
  withProject(FILES, async (project) => {
    const port = await freePort();
    const place = ['--prometheus-port', String(port), '--prometheus-address', '127.0.0.1'];
    const running = project.start([...RUN, ...place, '--wait-for-scrape', '60', '--linger', '0']);
    await running.says(/waiting for a first scrape/);
    const before = await scrape(port);
    expect(before.get(`${SERIES},step="first",status="OK"}`)).toBe(0);
    expect(before.get(`${SERIES},step="second",status="FAIL"}`)).toBe(0);
    const { stderr } = await running.ended;
    expect(stderr).toMatch(/scraped; starting[\s\S]*first +OK/);
  }));

test('a port that asks for a password tells a stranger nothing', () =>
  withProject(FILES, async (project) => {
    const port = await freePort();
    await project.write({
      'web.yml': `basic_auth_users: { prom: ${await bcrypt.hash('word', 4)} }\n`,
    });
    const place = ['--prometheus-port', String(port), '--prometheus-address', '127.0.0.1'];
    const gate = ['--prometheus-web-config', 'web.yml', '--wait-for-scrape', '60', '--linger', '0'];
    const running = project.start([...RUN, ...place, ...gate]);
    await running.says(/waiting for a first scrape/);
    const ask = (headers: Record<string, string>): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/metrics`, {
        headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '10', ...headers },
      });
    expect((await ask({})).status).toBe(401);
    const right = `Basic ${Buffer.from('prom:word').toString('base64')}`;
    expect(await (await ask({ authorization: right })).text()).toContain(SERIES);
    expect((await running.ended).code).toBe(1);
  }));

test('a command that runs no steps refuses a port that is taken, too', () =>
  withProject(FILES, async (project) => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const place = ['--prometheus-port', String(port), '--prometheus-address', '127.0.0.1'];
    for (const words of [['validate', '--job', 'j.yaml', '--profile', 'p.yaml'], ['runs']]) {
      const { code, stderr } = await project.run([...words, ...place]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('PORT_IN_USE')]);
    }
    other.close();
  }));
