import { expect, test } from '@jest/globals';

import { playServed } from './served/served.ts';
import { SMALL } from './served/project.ts';

test('a served project whose processes are killed makes every due run once, and every partition right', async () => {
  // Chosen for what it kills: a step, the engine, serve.
  const report = await playServed({ seed: 11, size: SMALL, kills: 3, seconds: 20 });
  expect({
    violations: report.violations,
    said: report.violations.length > 0 && report.said,
  }).toEqual({
    violations: [],
    said: false,
  });
  expect(report.runs).toBeGreaterThan(10);
}, 420_000);
