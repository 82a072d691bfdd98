import { expect, test } from '@jest/globals';

import {
  manyExitCode,
  manyJson,
  closingLines,
  tableLines,
} from '../../../src/cli/render/many-table.ts';
import { regionOf } from '../../../src/cli/render/many-screen.ts';
import { makePaint } from '../../../src/cli/render/paint.ts';

import type { BackfillReport, BackfillRow } from '../../../src/index.ts';

const PLAIN = makePaint(false);
const REASON = `step 'clean' ended FAIL in attempt 3: ${'a long story '.repeat(20)}`;

/** Every fifth one failed. */
function rowsOf(count: number): readonly BackfillRow[] {
  return Array.from({ length: count }, (_, i) => ({
    partition: `p${String(i).padStart(3, '0')}`,
    run_id: `b-p${i}`,
    started_at: '2026-11-27T08:00:00.000Z',
    finished_at: '2026-11-27T08:00:01.500Z',
    ...(i % 5 === 1
      ? {
          status: 'FAIL' as const,
          exit_code: 1,
          reason: REASON,
          log: `/w/.builder/runs/b-p${i}/logs/clean.log`,
        }
      : { status: 'OK' as const, exit_code: 0 }),
  }));
}

function reportOf(rows: readonly BackfillRow[]): BackfillReport {
  return {
    state: 'done',
    rows,
    record: {
      format: 1,
      backfill_id: 'sales-20261127-080000-k3f9',
      job: 'sales',
      profile: 'monthly',
      job_path: '/w/jobs/sales.yaml',
      given_params: [],
      out: '/w/out',
      choose: ['missing', 'failed'],
      at_most: 4,
      asked_at: '2026-11-27T08:00:00.000Z',
      finished_at: '2026-11-27T08:01:30.000Z',
      partitions: rows.map(({ partition }) => partition),
      state: 'closed',
      ended: 'DONE',
    },
  };
}

test.each([
  [3, 80],
  [3, 200],
  [500, 80],
  [500, 200],
])('of %i partitions on a terminal of %i columns each has one line that fits', (count, columns) => {
  const page = { columns, live: true, cwd: '/w' };
  const report = reportOf(rowsOf(count));
  const lines = tableLines(report, page, PLAIN);
  expect(lines.filter((line) => line.length > columns)).toEqual([]);
  const failed = Math.ceil((count - 1) / 5);
  expect(lines).toHaveLength(count + failed + 1);
  expect(lines[1]).toMatch(
    /^ {2}p001 +FAIL +1\.5s {2}step 'clean' ended FAIL in attempt 3: a lon.*\.\.\.$/,
  );
  expect(lines[2]).toMatch(/^ +log: \.builder\/runs\/b-p1\/logs\/clean\.log$/);
  expect(lines.at(-1)).toBe(
    `  FAIL  sales-20261127-080000-k3f9  ${failed} FAIL, ${count - failed} OK  in 1m30s`,
  );
});

test('at the end only what is not OK is told again, with what to type next', () => {
  const about = { shownOut: 'out', again: 'builder_cli backfill resume b' };
  const page = { columns: 80, live: true, cwd: '/w' };
  const lines = closingLines(reportOf(rowsOf(500)), page, PLAIN, about);
  expect(lines).toHaveLength(1 + 2 * 100 + 1 + 3);
  expect(lines.at(-1)).toBe('  go on     builder_cli backfill resume b');
  const good = closingLines(reportOf(rowsOf(1)), page, PLAIN, about);
  expect(good).toEqual(['', '  OK  sales-20261127-080000-k3f9  1 OK  in 1m30s', '  out       out']);
});

test.each([80, 200])('the live region fits into %i columns, whatever runs', (columns) => {
  const rows = new Map(rowsOf(500).map((row) => [row.partition, row]));
  const running = new Map<string, { sinceMs: number }>();
  for (let i = 0; i < 40; i += 1) {
    const partition = `q${String(i).padStart(62, '0')}`;
    rows.set(partition, { partition, status: 'WAITING' });
    running.set(partition, { sinceMs: 0 });
  }
  const view = { beganMs: 0, endedBefore: 0, rows, running, paused: false };
  const lines = regionOf(view, 60_000, { columns, live: true, cwd: '/w' }, PLAIN).split('\n');
  expect(lines).toHaveLength(12);
  expect(lines.filter((line) => line.length >= columns)).toEqual([]);
  expect(lines[10]).toBe('  and 30 more');
  expect(lines[11]).toMatch(/^ {2}500 of 540 ended: 100 FAIL, 400 OK, 1m/);
});

test('one document tells all of it, and the exit code is the worst', () => {
  const report = reportOf(rowsOf(3));
  expect(manyJson(report)).toMatchObject({
    backfill_id: 'sales-20261127-080000-k3f9',
    state: 'done',
    exit_code: 1,
    counts: { FAIL: 1, OK: 2 },
    partitions: [
      { partition: 'p000' },
      { partition: 'p001', reason: REASON },
      { partition: 'p002' },
    ],
  });
  expect(manyExitCode({ ...report, state: 'left' })).toBe(130);
  expect(manyExitCode(reportOf(rowsOf(1)))).toBe(0);
});
