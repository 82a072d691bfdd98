/**
 * A day in compressed time: commands as cron starts them and one worker, beside one long-lived process that tells of them;
 * two replicas of Prometheus and a real Alertmanager. No alert is missed, none is false, and a cause is told once. Ten
 * jobs; `npm run test:day` plays forty.
 */

import { expect, test } from '@jest/globals';

import { freePort, until, withProject } from '../harness/cli.ts';
import { withAlertmanager } from './harness/alertmanager.ts';
import { withFleet } from './harness/fleet.ts';
import { withPrometheus } from './harness/prometheus.ts';
import { exporterWords } from './harness/stage.ts';
import { dayFiles, dayJobs } from './day/jobs.ts';

import type { Project } from '../harness/cli.ts';
import type { Alertmanager } from './harness/alertmanager.ts';
import type { Prometheus } from './harness/prometheus.ts';
import type { DayJob } from './day/jobs.ts';

const JOBS = process.env['BUILDER_DAY'] === 'all' ? 40 : 10;
const NIGHTS = 3;
/** Command lines of cron that run at once. */
const AT_ONCE = 4;

/** What is always there, or goes to nobody. */
const TO_NOBODY = ['PipelineWatchdog', 'PipelineNoStepData'];

/** Looks back five minutes that are not compressed as `keep_firing_for` is, and so outlives what inhibits it. */
const OUTLIVES = ['PipelineStepFailedRecently'];

test('a day of many pipelines: no alert is missed, none is false, one message tells a cause', () => {
  const jobs = dayJobs(JOBS);
  return withProject(dayFiles(jobs), (project) =>
    withAlertmanager({ groupWait: '3s', groupInterval: '3s' }, async ({ url, messages }) => {
      const [port, worker] = [await freePort(), await freePort()];
      // Slow enough for a machine that is busy with something else: a scrape may take three seconds.
      const pace = { every: '3s', wait: '20s' };
      const options = { ports: [port, worker], rules: true, pace, alertmanager: url };
      await withPrometheus(options, (one) =>
        withPrometheus(options, async (two) => {
          const exporter = project.start(['dev', ...exporterWords(port)]);
          await exporter.says(/Ctrl-C stops/);
          await playNights(project, jobs);
          await one.fires('PipelineRunOverdue', { job: 'late' });
          await one.fires('PipelineStepRetrying', { job: 'shaky' });
          await loseWorker(project, one, worker);
          const sinceMs = Date.now();
          await until(() => Date.now() - sinceMs > 15_000, 'messages have come');
          for (const prometheus of [one, two]) await judgeAlerts(prometheus, jobs);
          judgeMessages(messages, jobs);
          const [series] = await one.query('count({__name__!=""})');
          process.stdout.write(`${JOBS} jobs, ${NIGHTS} nights: ${series?.value} series\n`);
        }),
      );
    }),
  );
}, 3_600_000);

/** Every job once a night, some at a time. */
async function playNights(project: Project, jobs: readonly DayJob[]): Promise<void> {
  for (let night = 0; night < NIGHTS; night += 1) {
    const waiting = [...jobs];
    const cron = async (): Promise<void> => {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        const env = job.env(night);
        if (env === undefined) continue;
        const words = ['run-profile', '--job', `jobs/${job.name}.yaml`, '--out', `out/${job.name}`];
        const { code, stderr } = await project.run(words, env);
        const expected = env['CODE'] === '7' ? 1 : 0;
        if (code !== expected) throw new Error(`${job.name} ended with ${code}:\n${stderr}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, cron));
  }
}

/** A worker of a service of its own serves, is scraped, and dies. */
async function loseWorker(project: Project, prometheus: Prometheus, port: number): Promise<void> {
  await withFleet({ project }, async ({ worker }) => {
    const lost = await worker({ port });
    const instance = `127.0.0.1:${port}`;
    await prometheus.becomes(`pipeline_exporter_info{instance="${instance}"}`, ['mode'], {
      'long-lived': 1,
    });
    await prometheus.catchesUp();
    lost.kill('SIGKILL');
    await prometheus.fires('PipelineTargetDown', { instance });
  });
}

/** By job: what fired at any time; what concerns no job under the target's name. */
async function judgeAlerts(prometheus: Prometheus, jobs: readonly DayJob[]): Promise<void> {
  const fired = await prometheus.query(
    'count by (alertname, job, instance) (max_over_time(ALERTS{alertstate="firing"}[1h]))',
  );
  const byJob = new Map<string, string[]>();
  for (const { labels } of fired) {
    const { alertname = '', job = '' } = labels;
    if (TO_NOBODY.includes(alertname)) continue;
    byJob.set(job, [...(byJob.get(job) ?? []), alertname]);
  }
  expect(byJob.get('builder')).toEqual(['PipelineTargetDown']);
  for (const { name, told, follows = [] } of jobs) {
    const seen = [...new Set(byJob.get(name) ?? [])];
    expect([name, told.filter((alert) => !seen.includes(alert))]).toEqual([name, []]);
    const allowed = [...told, ...follows];
    expect([name, seen.filter((alert) => !allowed.includes(alert))]).toEqual([name, []]);
  }
}

/** Each alert that is to be told is told as new once, and nothing else is. */
function judgeMessages(messages: Alertmanager['messages'], jobs: readonly DayJob[]): void {
  const news: string[] = [];
  const open = new Set<string>();
  for (const { alerts } of messages) {
    for (const { status, labels } of alerts) {
      const key = JSON.stringify(labels);
      if (status === 'resolved') open.delete(key);
      else if (!open.has(key) && !OUTLIVES.includes(labels['alertname'] ?? '')) {
        open.add(key);
        news.push(`${labels['job']} ${labels['alertname']}`);
      }
    }
  }
  const expected = jobs.flatMap(({ name, told }) => told.map((alert) => `${name} ${alert}`));
  expect(news.toSorted()).toEqual([...expected, 'builder PipelineTargetDown'].toSorted());
}
