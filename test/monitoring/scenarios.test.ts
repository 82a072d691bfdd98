import { expect, test } from '@jest/globals';

import { makeAnswers } from './harness/answers.ts';
import { everyExpression } from './harness/every-expression.ts';
import { playOn } from './harness/stage.ts';
import { SCENARIOS } from './scenarios/index.ts';

const answers = makeAnswers(await everyExpression());

// A few at a time: most of a scenario is waiting for the next scrape.
test.concurrent.each(SCENARIOS)('$name: $claim', (scenario) =>
  playOn(scenario, (played) => answers.fill(scenario.name, played)),
);

/** What takes an hour, a full disk, or minutes of nobody: their promtool cases have to do. */
const NOT_PLAYED = [
  'alert PipelineWorkerMissing',
  'alert PipelineQueueUnserved',
  'alert PipelineDiskNearlyFull',
  'Pipeline overview > Is anything wrong? > Longest unserved queue > A',
];

test('every expression of rules and dashboards returns series in at least one scenario', () => {
  process.stdout.write(`expression -> scenario -> series returned\n\n${answers.print()}\n`);
  expect(answers.empty()).toEqual(NOT_PLAYED);
});

test('what they return has the labels that legends, columns and descriptions name', () => {
  expect(answers.withoutLabels()).toEqual([]);
});

test('no panel draws what is no number', () => {
  expect(answers.notNumbers()).toEqual([]);
});

test('no alert rule returns anything while nothing is wrong', () => {
  const always = 'alert PipelineWatchdog {}';
  const alarms = answers.falseAlarms().filter((alarm) => alarm !== always);
  expect([answers.healthyScenarios(), alarms]).toEqual([1, []]);
});
