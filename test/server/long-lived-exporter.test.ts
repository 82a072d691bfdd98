import { writeFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { freePort, scrape, until, withProject } from '../harness/cli.ts';

const FILES = {
  'fails.yaml': 'job: fails\nprofile: p\n',
  'p.yaml': "profile: p\nsteps:\n  only: { uses: exec.command, with: { shell: 'exit 3' } }\n",
  'hangs.yaml': 'job: hangs\nprofile: h\n',
  'h.yaml': `
profile: h
steps:
  long: { uses: exec.command, with: { shell: 'until [ -e "$GO" ]; do sleep 0.1; done', pass_env: [GO] }, timeout: 1h }
`,
};
const line = (job: string, profile: string) => [
  'run-profile',
  ...['--job', `${job}.yaml`, '--profile', `${profile}.yaml`, '--out', `out-${job}`],
];
const FAILED = '{job="fails",profile="p",step="only",status="FAIL"}';
const RUNNING = 'pipeline_step_running_seconds{job="hangs",profile="h",step="long"}';

test(
  'a long-lived exporter tells the truth of cron lines without a port, also of one that is frozen or killed',
  () =>
    withProject(FILES, async (project) => {
      const port = await freePort();
      const dev = project.start([
        ...['dev', '--prometheus-port', String(port), '--prometheus-address', '127.0.0.1'],
      ]);
      await dev.says(/Ctrl-C stops/);
      expect((await scrape(port)).get('pipeline_exporter_info{mode="long-lived"}')).toBe(1);

      for (const count of [1, 2]) {
        expect((await project.run(line('fails', 'p'))).code).toBe(1);
        const series = await scrape(port);
        expect(series.get(`pipeline_step_status_total${FAILED}`)).toBe(count);
        const failedAt =
          'pipeline_step_failed_timestamp_seconds{job="fails",profile="p",step="only"}';
        expect(series.get(failedAt)).toBeGreaterThan(1e9);
      }

      const go = project.path('go');
      const hanging = project.start(line('hangs', 'h'), { GO: go });
      const running = async (): Promise<number | undefined> => (await scrape(port)).get(RUNNING);
      await until(async () => (await running()) !== undefined, 'the step is shown to run');
      hanging.kill('SIGSTOP');
      const frozen = (await running()) ?? 0;
      await until(async () => ((await running()) ?? 0) > frozen + 1, 'it still does, and longer');
      hanging.kill('SIGKILL');
      await hanging.ended;
      expect(await running()).toBeGreaterThan(frozen);

      await writeFile(go, '');
      const resumed = await project.run(['resume', '--out', 'out-hangs'], { GO: go });
      expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('1 OK')]);
      expect(await running()).toBeUndefined();

      expect((await project.run(['forget', 'fials'])).stderr).toContain("Did you mean 'fails'?");
      expect((await project.run(['forget', 'fails'])).code).toBe(0);
      const left = [...(await scrape(port)).keys()].join('\n');
      expect(left).not.toContain('job="fails"');
      expect(left).toContain('job="hangs"');
      dev.kill('SIGTERM');
      expect((await dev.ended).code).toBe(0);
    }),
  120_000,
);
