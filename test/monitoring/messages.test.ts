/** What a real Alertmanager sends by the shipped routes and inhibitions: one message for one cause. */

import { expect, test } from '@jest/globals';

import { until } from '../harness/cli.ts';
import { withAlertmanager } from './harness/alertmanager.ts';
import { isAlert, readRules } from './rules/rule-files.ts';

const STEP = { job: 'nightly', profile: 'p', step: 'load' };
const RUN = { job: 'nightly', profile: 'p' };
/** Of a profile that is a step of that one. */
const INNER = { job: 'nightly', profile: 'inner', step: 'deep' };
const SEVERITIES = Object.fromEntries(
  readRules()
    .filter(isAlert)
    .map(({ alert, labels }) => [alert, labels?.['severity'] ?? '']),
);

type Firing = readonly [alert: string, labels: Readonly<Record<string, string>>];

/** Names of the alerts in each message, when these fire together and nothing else happens. */
async function messagesFor(firing: readonly Firing[]): Promise<readonly string[]> {
  return withAlertmanager({ groupWait: '1s', groupInterval: '1s' }, async ({ url, messages }) => {
    // The last to be sent: when it has come, whatever was to come before it has.
    const all: readonly Firing[] = [...firing, ['PipelineSeriesLimit', { job: 'end' }]];
    const body = all.map(([alertname, labels]) => ({
      labels: { alertname, severity: SEVERITIES[alertname], ...labels },
    }));
    await fetch(`${url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const isEnd = (group: Readonly<Record<string, string>>): boolean => group['job'] === 'end';
    await until(() => messages.some(({ group }) => isEnd(group)), 'the last message');
    const groups = new Set(
      (
        (await (await fetch(`${url}/api/v2/alerts?inhibited=false`)).json()) as {
          labels: Record<string, string>;
          receivers: { name: string }[];
        }[]
      )
        .filter(({ receivers }) => receivers.some(({ name }) => name === 'test'))
        .map(({ labels }) => labels['job']),
    );
    await until(() => messages.length >= groups.size, 'a message for each group');
    return messages
      .filter(({ group }) => !isEnd(group))
      .map(({ alerts }) =>
        alerts
          .map(({ labels }) => (labels['alertname'] ?? '').replace('Pipeline', ''))
          .toSorted()
          .join(' '),
      )
      .toSorted();
  });
}

test('every alert of these cases exists', () => {
  const named = CASES.flatMap(([, firing]) => firing.map(([alert]) => alert));
  expect(named.filter((alert) => SEVERITIES[alert] === undefined)).toEqual([]);
});

const CASES: readonly (readonly [string, readonly Firing[], readonly string[]])[] = [
  [
    'a step that fails, with all that follows from it',
    [
      ['PipelineStepFailing', STEP],
      ['PipelineStepFailedRecently', { ...STEP, instance: 'a', status: 'FAIL' }],
      ['PipelineStepSlow', STEP],
      ['PipelineCheckFailing', STEP],
      ['PipelineRunFailed', RUN],
      ['PipelineCoreStepNoData', { ...RUN, step: 'export' }],
      ['PipelineRunOverdue', RUN],
    ],
    ['StepFailing'],
  ],
  [
    'a step that fails again and again',
    [
      ['PipelineStepFlapping', STEP],
      ['PipelineStepFailing', STEP],
      ['PipelineRunFailed', RUN],
    ],
    ['StepFlapping'],
  ],
  [
    'a step that is a profile, of which a step and its check failed, and another step of that is slow',
    [
      ['PipelineStepFailing', STEP],
      ['PipelineStepFailedRecently', { ...STEP, instance: 'a', status: 'FAIL' }],
      ['PipelineStepFailedRecently', { ...INNER, instance: 'a', status: 'FAIL' }],
      ['PipelineCheckFailing', INNER],
      ['PipelineStepSlow', { ...INNER, step: 'other' }],
    ],
    ['CheckFailing StepFailing StepSlow'],
  ],
  [
    'two steps of one pipeline, and another pipeline',
    [
      ['PipelineStepFailing', STEP],
      ['PipelineStepFailing', { ...STEP, step: 'other' }],
      ['PipelineStepSlow', { ...STEP, step: 'third' }],
      ['PipelineRunFailed', { job: 'hourly', profile: 'p' }],
    ],
    ['RunFailed', 'StepFailing StepFailing StepSlow'],
  ],
  [
    'a scheduler that has died: of a pipeline with a core step, and of one without',
    [
      ['PipelineRunOverdue', RUN],
      ['PipelineCoreStepNoData', STEP],
      ['PipelineRunOverdue', { job: 'hourly', profile: 'p' }],
    ],
    ['CoreStepNoData', 'RunOverdue'],
  ],
  [
    'a step that hangs until its data is late',
    [
      ['PipelineStepStuck', STEP],
      ['PipelineCoreStepNoData', { ...RUN, step: 'export' }],
      ['PipelineRunOverdue', RUN],
    ],
    ['StepStuck'],
  ],
  [
    'the last worker, which takes everything with it',
    [
      ['PipelineWorkersGone', { job: 'builder' }],
      ['PipelineTargetDown', { job: 'builder', instance: 'w:9099' }],
      ['PipelineWorkerMissing', { job: 'builder' }],
      ['PipelineQueueUnserved', { task_queue: 'builder' }],
      ['PipelineRunOverdue', RUN],
    ],
    ['WorkersGone'],
  ],
  [
    'a queue that nobody serves, and a step elsewhere that hangs',
    [
      ['PipelineQueueUnserved', { task_queue: 'builder' }],
      ['PipelineRunOverdue', { job: 'hourly', profile: 'p' }],
      ['PipelineStepStuck', STEP],
    ],
    ['QueueUnserved', 'StepStuck'],
  ],
  [
    'one worker of two',
    [
      ['PipelineTargetDown', { job: 'builder', instance: 'w:9099' }],
      ['PipelineWorkerMissing', { job: 'builder' }],
    ],
    ['TargetDown'],
  ],
  [
    'a service that is away, for two workers',
    [
      ['PipelineWorkerDisconnected', { job: 'builder', instance: 'v:9099' }],
      ['PipelineWorkerDisconnected', { job: 'builder', instance: 'w:9099' }],
      ['PipelineStepStuck', STEP],
      ['PipelineRunOverdue', RUN],
    ],
    ['WorkerDisconnected WorkerDisconnected'],
  ],
  [
    'what is only good to know',
    [
      ['PipelineWatchdog', {}],
      ['PipelineNoStepData', {}],
      ['PipelineStepLatencyRegression', STEP],
    ],
    [],
  ],
];

test.concurrent.each(CASES)('one message for one cause: %s', async (_name, firing, expected) => {
  expect(await messagesFor(firing)).toEqual(expected);
});
