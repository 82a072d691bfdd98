import { expect, test } from '@jest/globals';

import { scheduleLines } from '../../../src/cli/render/schedule-list.ts';

import type { ScheduleRow } from '../../../src/run/schedules/schedules.ts';

const row = (job: string, more: Partial<ScheduleRow> = {}): ScheduleRow => ({
  job,
  id: `builder-00000000-${job}`,
  when: "'15 3 * * mon-fri', '0 12 1 1,4,7,10 *'",
  timezone: 'Europe/Amsterdam',
  make: 'latest, previous',
  paused: false,
  next: ['2026-11-30T02:15:00.000Z'],
  last: '2026-11-27T02:15:00.000Z',
  running: 0,
  skipped: 0,
  missed: 0,
  settings: {},
  ...more,
});

const ROWS = [
  row('sales-of-all-shops-in-the-north'),
  row('nightly', { paused: true, note: 'the source moves', next: [], skipped: 2 }),
];

test('80 columns hold every time whole, and cut names', () => {
  expect(scheduleLines(ROWS, { columns: 80, color: false })).toEqual([
    'job               when              next              last due          last run',
    "sales-of-all-sh…  '15 3 * * mon-f…  2026-11-30 03:15  2026-11-27 03:15  -",
    "nightly           '15 3 * * mon-f…  paused            2026-11-27 03:15  -",
    '  the source moves; 2 left out, for the earlier run went on',
  ]);
});

test('200 columns cut nothing, and tell whose clock it is and what is made', () => {
  const [, first] = scheduleLines(ROWS, { columns: 200, color: false });
  expect(first).toBe(
    "sales-of-all-shops-in-the-north  '15 3 * * mon-fri', '0 12 1 1,4,7,10 *'  Europe/Amsterdam  latest, previous  2026-11-30 03:15  2026-11-27 03:15  -",
  );
});

test('500 rows have a line each', () => {
  const rows = Array.from({ length: 500 }, (_, i) => row(`job-${i}`));
  const lines = scheduleLines(rows, { columns: 80, color: false });
  expect(lines).toHaveLength(501);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});
