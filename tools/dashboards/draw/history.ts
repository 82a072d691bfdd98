/**
 * What the exporters show of a day of runs.ts, as series. Not a run of the product: what the metrics mean is proven by the
 * scenarios of test/monitoring, and a test there holds names and labels of this to the product's own.
 */

import { DAY_S, STATUSES, dayOf } from './runs.ts';
import { bucketsOf, sampled } from './sampled.ts';
import { seriesOfStep } from './step-series.ts';

import type { Job, Run } from './runs.ts';
import type { Labels, Sampled } from './sampled.ts';

/** The series of `jobs` jobs over the day that ends at `endS`. */
export function history(jobs: number, endS: number): readonly Sampled[] {
  const all = dayOf(jobs, endS);
  const instances = jobs === 1 ? ['worker-1:9099'] : ['worker-1:9099', 'worker-2:9099'];
  return [
    ...all.flatMap((job) => instances.flatMap((instance, k) => seriesOf(job, instance, k === 0))),
    ...instances.flatMap((instance) => ofProcess(instance, endS)),
    ...all.flatMap((job) => alertsOf(job, endS)),
    ...(jobs === 1 ? [] : queueAlert(endS)),
  ];
}

/** What one exporter shows of a job: gauges all of them do, counters only who counted. */
function seriesOf(job: Job, instance: string, counts: boolean): readonly Sampled[] {
  const of: Labels = { job: job.job, profile: job.profile, instance };
  const ended = (timeS: number) => job.runs.filter(({ toS }) => toS <= timeS);
  const newest = (timeS: number, pattern: RegExp) =>
    ended(timeS).findLast(({ status }) => pattern.test(status))?.toS;
  const good = /OK|WARN/;
  const bad = /FAIL|TIMEOUT/;
  return [
    sampled(
      'pipeline_run_started_timestamp_seconds',
      of,
      (t) => job.runs.findLast(({ fromS }) => fromS <= t)?.fromS,
    ),
    sampled('pipeline_run_ended_timestamp_seconds', of, (t) => ended(t).at(-1)?.toS),
    sampled('pipeline_run_completed_timestamp_seconds', of, (t) => newest(t, good)),
    sampled('pipeline_run_failed_timestamp_seconds', of, (t) => newest(t, bad)),
    sampled('pipeline_run_last_duration_seconds', of, (t) => lengthOf(ended(t).at(-1))),
    sampled('pipeline_profile_expected_period_seconds', of, () => job.periodS),
    ...job.runs
      .slice(-8)
      .map(({ id, fromS }) =>
        sampled('pipeline_run_info', { run_id: id, ...of }, (t) => (fromS <= t ? 1 : undefined)),
      ),
    ...job.steps.flatMap((step, k) => seriesOfStep(job, { ...step, k }, of, counts)),
    ...(counts ? countsOf(job, of) : []),
  ];
}

function countsOf(job: Job, of: Labels): readonly Sampled[] {
  const ended = (timeS: number) => job.runs.filter(({ toS }) => toS <= timeS);
  return [
    ...STATUSES.map((status) =>
      sampled(
        'pipeline_run_status_total',
        { ...of, status },
        (t) => ended(t).filter((run) => run.status === status).length,
      ),
    ),
    ...bucketsOf('pipeline_run_duration_seconds', of, (t) =>
      ended(t)
        .filter(({ status }) => status === 'OK')
        .map((run) => lengthOf(run) ?? 0),
    ),
    sampled('pipeline_check_failures_total', { ...of, step: job.steps.at(-1)?.step ?? '' }, (t) =>
      Math.floor(ended(t).length / 9),
    ),
  ];
}

function ofProcess(instance: string, endS: number): readonly Sampled[] {
  const of = { job: 'builder', instance };
  const queue = { ...of, namespace: 'default', task_queue: 'builder' };
  const used = (t: number) => Math.max(0, Math.round(2 + 2 * Math.sin(t / 3000 + instance.length)));
  return [
    sampled('up', of, () => 1),
    sampled('pipeline_exporter_info', { ...of, mode: 'long-lived' }, () => 1),
    sampled('pipeline_state_disk_free_bytes', of, () => 41e9),
    sampled('pipeline_state_disk_size_bytes', of, () => 120e9),
    sampled('process_resident_memory_bytes', of, (t) => 310e6 + 4e6 * Math.sin(t / 5000)),
    sampled('temporal_worker_task_slots_used', { ...queue, worker_type: 'ActivityWorker' }, used),
    sampled(
      'temporal_worker_task_slots_available',
      { ...queue, worker_type: 'ActivityWorker' },
      (t) => 8 - used(t),
    ),
    ...bucketsOf('temporal_activity_schedule_to_start_latency_seconds', queue, (t) =>
      Array.from({ length: Math.floor((t - endS + DAY_S) / 120) }, (_, k) =>
        k % 200 > 150 ? 1.4 : 0.05,
      ),
    ),
  ];
}

/** What the rules say of the last failure: the state of the alert, and since when. */
function alertsOf(job: Job, endS: number): readonly Sampled[] {
  const last = job.runs.findLast(({ toS }) => toS <= endS);
  const step = last?.steps.find(({ status }) => /FAIL|TIMEOUT/.test(status));
  if (step === undefined) return [];
  const { job: name, profile } = job;
  return alert(
    { alertname: 'PipelineStepFailing', severity: 'critical', job: name, profile, step: step.step },
    step.toS + 15,
  );
}

function queueAlert(endS: number): readonly Sampled[] {
  const sinceS = endS - 700;
  const queue = sampled(
    'pipeline_queue_unserved_seconds',
    { job: 'builder', instance: 'worker-1:9099', task_queue: 'gpu' },
    (t) => (t < sinceS ? undefined : t - sinceS),
  );
  return [
    queue,
    ...alert(
      { alertname: 'PipelineQueueUnserved', severity: 'critical', task_queue: 'gpu' },
      sinceS + 300,
    ),
  ];
}

function alert(labels: Labels, sinceS: number): readonly Sampled[] {
  return [
    sampled('ALERTS', { ...labels, alertstate: 'firing' }, (t) => (t < sinceS ? undefined : 1)),
    sampled('ALERTS_FOR_STATE', labels, (t) => (t < sinceS ? undefined : sinceS)),
  ];
}

const lengthOf = (run: Run | undefined): number | undefined => run && run.toS - run.fromS;
