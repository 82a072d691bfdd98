/**
 * A day in compressed time: commands as cron starts them and one worker, beside one long-lived process that tells of them;
 * two replicas of Prometheus and a real Alertmanager. No alert is missed, none is false, and a cause is told once. Ten
 * jobs and three nights; `npm run test:day` plays forty jobs and seven nights, and what takes long to go wrong.
 */

import { expect, test } from '@jest/globals';

import { freePort, until, withProject } from '../harness/cli.ts';
import { withAlertmanager } from './harness/alertmanager.ts';
import { withFleet } from './harness/fleet.ts';
import { withPrometheus } from './harness/prometheus.ts';
import { exporterWords } from './harness/stage.ts';
import { dayFiles, dayJobs, NIGHTS } from './day/jobs.ts';

import type { Project } from '../harness/cli.ts';
import type { Alertmanager } from './harness/alertmanager.ts';
import type { Fleet } from './harness/fleet.ts';
import type { Prometheus } from './harness/prometheus.ts';
import type { DayJob } from './day/jobs.ts';

const IS_FULL = process.env['BUILDER_DAY'] === 'all';
const JOBS = IS_FULL ? 40 : 10;
/** Command lines of cron that run at once. */
const AT_ONCE = 4;

/** What is always there, or goes to nobody. */
const TO_NOBODY = ['PipelineWatchdog', 'PipelineNoStepData'];

/** Looks back five minutes that are not compressed as `keep_firing_for` is, and so outlives what inhibits it. */
const OUTLIVES = ['PipelineStepFailedRecently'];

type Day = {
  readonly project: Project;
  readonly jobs: readonly DayJob[];
  readonly replicas: readonly Prometheus[];
  readonly messages: Alertmanager['messages'];
};

test('a day of many pipelines: no alert is missed, none is false, one message tells a cause', () => {
  const jobs = dayJobs(JOBS, IS_FULL);
  return withProject(dayFiles(jobs), (project) =>
    withAlertmanager({ groupWait: '3s', groupInterval: '3s' }, async ({ url, messages }) => {
      const [port, worker, caller] = [await freePort(), await freePort(), await freePort()];
      // Slow enough for a machine that is busy with something else: a scrape may take three seconds.
      const pace = { every: '3s', wait: '20s' };
      const options = { ports: [port, worker, caller], rules: true, pace, alertmanager: url };
      await withPrometheus(options, (one) =>
        withPrometheus(options, (two) =>
          withFleet({ project }, async (fleet) => {
            const day = { project, jobs, replicas: [one, two], messages };
            const exporter = project.start(['dev', ...exporterWords(port)]);
            await exporter.says(/Ctrl-C stops/);
            const waiting = IS_FULL ? fleet.call('waits', exporterWords(caller)) : undefined;
            await playNights(day);
            await one.fires('PipelineRunOverdue', { job: 'late' });
            await one.fires('PipelineStepRetrying', { job: 'shaky' });
            if (waiting !== undefined) await one.fires('PipelineQueueUnserved');
            const lost = await serve(fleet, one, worker);
            if (waiting !== undefined) {
              expect((await waiting.ended).code).toBe(0);
              for (const replica of day.replicas) await replica.resolves('PipelineQueueUnserved');
            }
            lost.kill('SIGKILL');
            await one.fires('PipelineTargetDown', { instance: `127.0.0.1:${worker}` });
            const sinceMs = Date.now();
            await until(() => Date.now() - sinceMs > 15_000, 'messages have come');
            for (const replica of day.replicas) await judgeAlerts(replica, jobs);
            judgeMessages(messages, jobs);
            await printCost(one);
          }),
        ),
      );
    }),
  );
}, 3_600_000);

/** Every job once a night, some at a time. */
async function playNights(day: Day): Promise<void> {
  const nights = IS_FULL ? NIGHTS.full : NIGHTS.short;
  for (let night = 0; night < nights; night += 1) {
    const waiting = [...day.jobs];
    const cron = async (): Promise<void> => {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        const env = job.env(night);
        if (env !== undefined) await runAtNight(day, job.name, env);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, cron));
    if (IS_FULL) await settle(day, night);
  }
}

async function runAtNight(
  { project, replicas }: Day,
  job: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const words = ['run-profile', '--job', `jobs/${job}.yaml`, '--out', `out/${job}`];
  const running = project.start(words, { OUT: project.path(`out/${job}`), ...env });
  if (env['KILL'] !== undefined) {
    const isRunning = `pipeline_step_running_seconds{job="${job}"} >= bool 0`;
    for (const replica of replicas) await replica.becomes(isRunning, ['step'], { load: 1 });
    running.kill('SIGKILL');
    await running.ended;
    return;
  }
  const { code, stderr } = await running.ended;
  const isWell = env['CODE'] === undefined && env['SPOIL'] === undefined;
  if ((code === 0) !== isWell) throw new Error(`${job} ended with ${code}:\n${stderr}`);
}

/** Whoever is told of the job that flaps has been told how it stands. */
async function settle({ jobs, replicas, messages }: Day, night: number): Promise<void> {
  const labels = { job: 'flaps', profile: 'flaps' };
  const isBroken = jobs.find(({ name }) => name === labels.job)?.env(night)?.['CODE'] !== undefined;
  for (const replica of replicas) {
    if (isBroken) await replica.fires('PipelineStepFailing', labels);
    else await replica.resolves('PipelineStepFailing', labels);
  }
  // That it flaps holds for a day, and takes the place of that it fails.
  const isTold = (): boolean =>
    tellsOf(messages).open.some((one) =>
      (isBroken ? /^flaps PipelineStep(Failing|Flapping)$/ : /^flaps PipelineStepFailing$/).test(
        one,
      ),
    );
  await until(() => isTold() === isBroken, `somebody is told of night ${night}`, 60_000);
}

/** A worker of the service, once it is scraped. */
async function serve(fleet: Fleet, prometheus: Prometheus, port: number) {
  const worker = await fleet.worker({ port });
  const instance = `127.0.0.1:${port}`;
  await prometheus.becomes(`pipeline_exporter_info{instance="${instance}"}`, ['mode'], {
    'long-lived': 1,
  });
  await prometheus.catchesUp();
  return worker;
}

/** By job: what fired at any time; what concerns no job under the target's name. */
async function judgeAlerts(prometheus: Prometheus, jobs: readonly DayJob[]): Promise<void> {
  const fired = await prometheus.query(
    'count by (alertname, job, instance, reason) (max_over_time(ALERTS{alertstate="firing"}[1h]))',
  );
  const byJob = new Map<string, string[]>();
  for (const { labels } of fired) {
    const { alertname = '', job = '', reason } = labels;
    if (TO_NOBODY.includes(alertname)) continue;
    // Of an exporter's own troubles it says which.
    const what = reason === undefined ? alertname : `${alertname} ${reason}`;
    byJob.set(job, [...(byJob.get(job) ?? []), what]);
  }
  expect(byJob.get('builder')).toEqual(['PipelineTargetDown']);
  expect(byJob.get('')).toEqual(IS_FULL ? ['PipelineQueueUnserved'] : undefined);
  expect(byJob.get('waits')).toBeUndefined();
  for (const { name, told, follows = [] } of jobs) {
    const seen = [...new Set(byJob.get(name) ?? [])];
    expect([name, told.filter((alert) => !seen.includes(alert))]).toEqual([name, []]);
    const allowed = [...told, ...follows];
    expect([name, seen.filter((alert) => !allowed.includes(alert))]).toEqual([name, []]);
  }
}

/** What was told as new, in order, and what of it was not told to be over. */
function tellsOf(messages: Alertmanager['messages']): {
  readonly news: readonly string[];
  readonly open: readonly string[];
} {
  const news: string[] = [];
  const open = new Map<string, string>();
  for (const { alerts } of messages) {
    for (const { status, labels } of alerts) {
      const key = JSON.stringify(labels);
      const name = `${labels['job']} ${labels['alertname']}`;
      if (status === 'resolved') open.delete(key);
      else if (!open.has(key) && !OUTLIVES.includes(labels['alertname'] ?? '')) {
        open.set(key, name);
        news.push(name);
      }
    }
  }
  return { news, open: [...open.values()] };
}

/** Each alert that is to be told is told as new once, and nothing else is. */
function judgeMessages(messages: Alertmanager['messages'], jobs: readonly DayJob[]): void {
  const expected = [
    ...jobs.flatMap(({ name, told }) => told.map((alert) => `${name} ${alert}`)),
    'builder PipelineTargetDown',
    ...(IS_FULL ? ['undefined PipelineQueueUnserved'] : []),
  ];
  expect(tellsOf(messages).news.toSorted()).toEqual(expected.toSorted());
}

async function printCost(prometheus: Prometheus): Promise<void> {
  const { evaluationS, cpuS } = await prometheus.cost();
  const [series] = await prometheus.query('count({__name__!=""})');
  const [rules] = await prometheus.query('count({__name__=~"ALERTS|pipeline:.*"})');
  const tookS = Date.now() / 1000 - prometheus.startedAtS;
  process.stdout.write(
    `${JOBS} jobs: ${series?.value} series, ${rules?.value ?? 0} of them of rules; all rules once: ${(evaluationS * 1000).toFixed(1)} ms, ` +
      `${((evaluationS / 15) * 100).toFixed(2)} % of one core at every 15 s; ` +
      `the whole Prometheus: ${cpuS.toFixed(1)} s of CPU in ${tookS.toFixed(0)} s, at every 3 s\n`,
  );
}
