import { expect, test } from '@jest/globals';

import { decidePrune } from '../../../src/run/prune/what-to-prune.ts';
import { recordOf } from '../../store/prune/runs.ts';

import type { PruneBounds } from '../../../src/run/prune/what-to-prune.ts';
import type { RunRecord } from '../../../src/model/run-record.ts';
import type { Survey } from '../../../src/store/pruning.ts';

const DAY = 24 * 3600 * 1000;
const NOW = 100 * DAY;

/** A run that ended so many days ago. */
function run(
  id: string,
  daysAgo: number,
  uses: readonly string[],
  changes: Partial<RunRecord> = {},
) {
  const at = new Date(NOW - daysAgo * DAY).toISOString();
  const ended = { state: 'closed', status: 'OK', finished_at: at } as const;
  return { record: recordOf(id, { started_at: at, ...ended, ...changes }), uses };
}

/** A result of one file of so many bytes. */
function result(fingerprint: string, runId: string, daysAgo: number, bytes = 100) {
  const writtenAtMs = NOW - daysAgo * DAY;
  return { fingerprint, by: 't', runId, writtenAtMs, files: [{ name: fingerprint, bytes }] };
}

/** Three runs of one job, each with a result of its own; the newest has the newest result. */
const SURVEY: Survey = {
  runs: [run('c', 1, ['fc']), run('b', 10, ['fb']), run('a', 40, ['fa'])],
  heard: [],
  gone: [],
  results: [result('fa', 'a', 40), result('fb', 'b', 10), result('fc', 'c', 1)],
  latest: new Set(['fc']),
  bytes: { artifacts: 300, journal: 0 },
};

function decide(
  bounds: PruneBounds,
  survey: Partial<Survey> = {},
  there: readonly string[] = [],
): { readonly runs: readonly string[]; readonly results: readonly string[] } {
  const decided = decidePrune({
    survey: { ...SURVEY, ...survey },
    bounds,
    nowMs: NOW,
    isOurs: (record) => record.state_dir === undefined,
    isThere: (out) => there.includes(out),
    bytesOfRun: () => 10,
    otherBytes: 0,
  });
  return {
    runs: decided.runs.map(({ record }) => record.run_id).toSorted(),
    results: decided.results.map(({ fingerprint }) => fingerprint).toSorted(),
  };
}

test.each<[string, PruneBounds, string[], string[]]>([
  ['without a bound all that is not needed goes', {}, ['a', 'b'], ['fa', 'fb']],
  ['by age what ended before', { olderThanMs: 30 * DAY }, ['a'], ['fa']],
  ['by number what is beyond it', { keepRuns: 2 }, ['a'], ['fa']],
  ['by number 0 what is not needed', { keepRuns: 0 }, ['a', 'b'], ['fa', 'fb']],
  ['by size the oldest first', { maxBytes: 250 }, ['a'], ['fa']],
  ['by size as much as has to', { maxBytes: 150 }, ['a', 'b'], ['fa', 'fb']],
  ['a size that is kept removes nothing', { maxBytes: 1000 }, [], []],
  ['each bound by itself', { olderThanMs: 30 * DAY, keepRuns: 1 }, ['a', 'b'], ['fa', 'fb']],
])('%s', (_name, bounds, runs, results) => {
  expect(decide(bounds)).toEqual({ runs, results });
});

test('an open run stays, with what it used and what it made', () => {
  const open = run('a', 40, ['fa'], { state: 'open', status: 'RUNNING' });
  const made = result('half', 'a', 40);
  expect(
    decide({}, { runs: [...SURVEY.runs.slice(0, 2), open], results: [...SURVEY.results, made] }),
  ).toEqual({ runs: ['b'], results: ['fb'] });
});

test('the newest run that ended well stays beside a newer one that failed', () => {
  const runs = [run('d', 0, [], { status: 'FAIL' }), ...SURVEY.runs];
  expect(decide({}, { runs })).toEqual({ runs: ['a', 'b'], results: ['fa', 'fb'] });
});

test('the run of a delivery that is there stays; of one that is gone it goes', () => {
  const runs = [SURVEY.runs[0]!, SURVEY.runs[1]!, run('a', 40, ['fa'], { out: '/out' })];
  expect(decide({}, { runs }, ['/out'])).toEqual({ runs: ['b'], results: ['fb'] });
  expect(decide({}, { runs })).toEqual({ runs: ['a', 'b'], results: ['fa', 'fb'] });
});

test('of each job and profile the newest run stays, however old', () => {
  const other = run('other', 90, ['fo'], { job: 'other' });
  expect(decide({ olderThanMs: 5 * DAY }, { runs: [...SURVEY.runs, other] }).runs).toEqual([
    'a',
    'b',
  ]);
});

test('of each partition the newest run stays', () => {
  const runs = SURVEY.runs.map((one, i) => ({
    ...one,
    record: { ...one.record, partition: i < 2 ? '2026-02' : '2026-01' },
  }));
  expect(decide({ keepRuns: 1 }, { runs })).toEqual({ runs: ['b'], results: ['fb'] });
});

test('a result that a run took over from one that goes stays with it', () => {
  const runs = [run('c', 1, ['fa', 'fc']), ...SURVEY.runs.slice(1)];
  expect(decide({}, { runs })).toEqual({ runs: ['a', 'b'], results: ['fb'] });
});

test('runs of another state folder stay, and so does what they use', () => {
  const runs = [...SURVEY.runs.slice(0, 2), run('a', 40, ['fa'], { state_dir: '/elsewhere' })];
  expect(decide({}, { runs })).toEqual({ runs: ['b'], results: ['fb'] });
});

test('of a record of an earlier version what the run made counts as used', () => {
  const { record } = SURVEY.runs[1]!;
  const runs = [SURVEY.runs[0]!, { record }, SURVEY.runs[2]!];
  expect(decide({ olderThanMs: 30 * DAY }, { runs })).toEqual({ runs: ['a'], results: ['fa'] });
});

test('a result whose run is recorded elsewhere stays for a week after it was last heard of', () => {
  const results = [...SURVEY.results, result('there', 'x', 5)];
  expect(decide({}, { results, heard: [{ runId: 'x', heardMs: NOW }] }).results).toEqual([
    'fa',
    'fb',
  ]);
  const longAgo = [{ runId: 'x', heardMs: NOW - 8 * DAY }];
  expect(decide({}, { results, heard: longAgo }).results).toEqual(['fa', 'fb', 'there']);
  expect(decide({}, { results }).results).toEqual(['fa', 'fb', 'there']);
});

test('bytes that two results share count once, and go with the last of them', () => {
  const shared = { files: [{ name: 'same', bytes: 100 }] };
  const results = SURVEY.results.map((one) => ({ ...one, ...shared }));
  const bytes = { artifacts: 100, journal: 0 };
  expect(decide({ maxBytes: 110 }, { results, bytes }).runs).toEqual(['a', 'b']);
  expect(decide({ maxBytes: 130 }, { results, bytes }).runs).toEqual([]);
});

test('items stay with the run that made them, and with what was put together of them', () => {
  const whole = { ...result('whole', 'c', 1), parts: ['old', 'new'] };
  const survey = {
    results: [
      { ...result('old', 'a', 40), isItem: true as const },
      { ...result('new', 'c', 1), isItem: true as const },
      // Its step failed, so that nothing was put together.
      { ...result('half', 'b', 10), isItem: true as const },
      { ...result('none', 'a', 40), isItem: true as const },
      whole,
    ],
    runs: [run('c', 1, ['whole']), run('b', 10, []), run('a', 40, [])],
    latest: new Set<string>(),
  };
  expect(decide({ keepRuns: 2 }, survey).results).toEqual(['none']);
  expect(decide({ keepRuns: 1 }, survey).results).toEqual(['half', 'none']);
  const latest = new Set(['whole']);
  expect(decide({ keepRuns: 1 }, { ...survey, runs: [], latest }).results).toEqual([
    'half',
    'none',
  ]);
});
