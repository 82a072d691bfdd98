import { readFile, writeFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { freePort, scrape, until, withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

jest.setTimeout(240_000);

/** 30 items that wait for the file `go`; each attempt leaves a line. */
const FILES = {
  'j.yaml': 'job: j\nprofile: p\nparams: { here: { type: string } }\n',
  'script.sh': `
echo "$2" >> "$1/ran.txt"
while [ ! -e "$1/go" ]; do sleep 0.05; done
printf 'v\\n%s\\n' "$2" > out.csv
`,
  'profiles/p.yaml': `
profile: p
defaults: { retry: { attempts: 1 }, heartbeat: 2s }
steps:
  list: { uses: transform.sql, with: { sql: 'select i from range(30) t(i)' } }
  each:
    uses: exec.command
    foreach: { in: list, at_most: 6 }
    with:
      command: [sh, script.sh, '\${{ params.here }}', '\${{ item.i }}']
      files: [script.sh]
      outputs: { table: { path: out.csv, columns: { v: BIGINT } } }
  all: { uses: export.dataset, with: { from: each, formats: [csv] } }
`,
};

test('a fleet shares the items of a step out; a worker that is killed costs no item, and each is counted once', () =>
  withProject(FILES, (project) =>
    withService(project, async ({ address }) => {
      const service = ['--temporal-address', address, '--store', project.path('shared')];
      const ports = [await freePort(), await freePort()];
      const workers = ports.map((port, n) =>
        project.start([
          ...['worker', ...service, '--state-dir', `w${n}`, '--slots', '4'],
          ...['--prometheus-port', String(port), '--prometheus-address', '127.0.0.1'],
        ]),
      );
      for (const worker of workers) await worker.says(/serving/);
      const called = project.start([
        ...['run-profile', '--job', 'j.yaml', '--out', 'out', '--json', '--state-dir', 'caller'],
        ...['--param', `here=${project.folder}`, ...service],
      ]);
      const ran = async (): Promise<readonly string[]> =>
        (await readFile(project.path('ran.txt'), 'utf8').catch(() => '')).split('\n').slice(0, -1);
      await until(async () => (await ran()).length >= 6, 'six items are worked on', 60_000);
      expect((await ran()).length).toBe(6);
      workers[0]!.kill('SIGKILL');
      await workers[0]!.ended;
      await writeFile(project.path('go'), '');
      const { code, stdout, stderr } = await called.ended;
      expect([code, stderr]).toEqual([0, expect.stringContaining('30/30 items')]);
      const result = JSON.parse(stdout) as { steps: readonly { id: string; items?: unknown }[] };
      expect(result.steps.find(({ id }) => id === 'each')?.items).toEqual({
        total: 30,
        counts: { OK: 30 },
      });
      const rows = Array.from({ length: 30 }, (_, i) => `${i},${i}\n`).join('');
      expect(await readFile(project.path('out/each.csv'), 'utf8')).toBe(`i,v\n${rows}`);
      // Those that were worked on there, at most four, were begun again.
      const attempts = (await ran()).length;
      expect(attempts).toBeGreaterThan(30);
      expect(attempts).toBeLessThanOrEqual(34);

      const left = (await scrape(ports[1]!)).get(
        'pipeline_step_items_total{job="j",profile="p",step="each",status="OK"}',
      );
      // Those that the killed one counted are under its name; it had no time for any.
      expect(left).toBe(30);
      workers[1]!.kill('SIGTERM');
      await workers[1]!.ended;
    }),
  ));
