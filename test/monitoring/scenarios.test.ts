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

test('every expression of rules and dashboards returns series in at least one scenario', () => {
  process.stdout.write(`expression -> scenario -> series returned\n\n${answers.print()}\n`);
  expect(answers.empty()).toEqual([]);
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
