import { describe, expect, test } from '@jest/globals';

import { checkDefinition } from '../../src/definition/check.ts';
import { checkPartition } from '../../src/definition/check-partition.ts';
import { checkSchedule } from '../../src/definition/check-schedule.ts';
import { problemLine } from '../../src/definition/render-problems.ts';
import { sourceOf } from '../../src/definition/source.ts';
import { FAKE_KINDS } from './fake-kinds.ts';

import type { Schedule } from '../../src/model/schedule.ts';

const PROFILE = 'profile: main\nsteps: { a: { uses: fake.make } }\n';
const START = { date: '2026-11-27' };

/** What the whole check says of a job with this schedule and these other lines. */
function check(schedule: string, more = '') {
  return checkDefinition({
    job: { path: 'job.yaml', text: `job: demo\nschedule: { ${schedule} }\n${more}` },
    profiles: [{ path: 'p.yaml', text: PROFILE }],
    kinds: FAKE_KINDS,
    given: {},
    start: START,
    resolvePath: (path) => `/data/${path}`,
  });
}

function scheduleOf(schedule: string, more = ''): Schedule | undefined {
  const text = `job: demo\nschedule: { ${schedule} }\n${more}`;
  const { root } = sourceOf({ path: 'job.yaml', text });
  const map = root?.kind === 'map' ? root : undefined;
  return checkSchedule(map, checkPartition(map, START, undefined)).schedule;
}

const MONTHS = 'partition: { by: month, start: 2024-01, timezone: Europe/Amsterdam }';
const LIST = 'partition: { by: list, values: [north, south] }';

test('a schedule has its defaults', () => {
  expect(scheduleOf("cron: '15 3 * * *'")).toEqual({
    cron: ['15 3 * * *'],
    timezone: 'UTC',
    overlap: 'skip',
    catchUpMs: 86_400_000,
    pauseOnFailure: false,
  });
});

test('every key of it is taken over', () => {
  const all =
    "cron: ['0 3 * * mon', '@monthly'], timezone: America/New_York, overlap: buffer_one, catch_up: 6h, jitter: 5m, pause_on_failure: true, make: [latest, 2024-02], profile: slow, out: ../built";
  expect(scheduleOf(all, MONTHS)).toEqual({
    cron: ['0 3 * * mon', '@monthly'],
    timezone: 'America/New_York',
    overlap: 'buffer_one',
    catchUpMs: 6 * 3_600_000,
    jitterMs: 300_000,
    pauseOnFailure: true,
    make: ['latest', '2024-02'],
    profile: 'slow',
    out: '../built',
  });
});

test('cron is read by the clock of the partition where no other is named', () => {
  expect(scheduleOf("cron: '15 3 * * *'", MONTHS)?.timezone).toBe('Europe/Amsterdam');
});

test.each([
  ['of a calendar the latest', MONTHS, ['latest']],
  ['of a list all', LIST, ['all']],
  ['of a job that is not cut nothing', '', undefined],
])('where it is not said, %s is made', (_what, more, make) => {
  expect(scheduleOf('every: 1h', more)?.make).toEqual(make);
});

test('a schedule changes nothing of the plan', () => {
  const bare = checkDefinition({
    job: { path: 'job.yaml', text: 'job: demo\n' },
    profiles: [{ path: 'p.yaml', text: PROFILE }],
    kinds: FAKE_KINDS,
    given: {},
    start: START,
    resolvePath: (path) => path,
  });
  expect(check('every: 1h').plan).toEqual(bare.plan);
});

describe('what is wrong is said where it is written', () => {
  test.each([
    ['overlap: skip', '', "2:11: MISSING_KEY: schedule: it says not when; expected 'cron' or"],
    ["cron: '0 3 * * *', every: 1h", '', "'cron'; one of them says when"],
    ["cron: '0 24 * * *'", '', "2:19: BAD_VALUE: schedule.cron: hour '24': expected 0 to 23"],
    ["cron: ['0 3 * * *', '0 0 30 2 *']", '', "2:33: BAD_VALUE: schedule.cron: '0 0 30 2 *' never"],
    ['cron: 5', '', "found 5; expected a cron line such as '15 3 * * *'"],
    ['every: 10', '', 'expected a duration'],
    ['every: 500ms', '', 'this duration is out of range; expected at least 1s'],
    ['every: 1.5s', '', 'schedule.every: expected whole seconds'],
    ['every: 1h, timezone: UTC', '', "it belongs to 'cron'; 'every' is counted in UTC"],
    [
      "cron: '0 3 * * *', timezone: Mars/Base",
      '',
      "there is no time zone 'Mars/Base'; one is like",
    ],
    ["cron: '0 3 * * *', timezone: europe/amsterdam", '', 'it is written Europe/Amsterdam'],
    ["cron: '0 3 * * *', timezone: '+02:00'", '', "there is no time zone '+02:00'"],
    ['every: 1h, overlap: skipp', '', "Did you mean 'skip'?"],
    ['every: 1h, catch_up: 5s', '', 'this duration is out of range; expected 10s to 366d'],
    ['every: 1h, catchup: 5m', '', "unknown key 'catchup' in schedule"],
    ['every: 1h, make: latest', '', "the job has no key 'partition', so it is made as a whole"],
    ['every: 1h, make: latest', LIST, 'a list has no latest one; expected all, missing, or ids'],
    [
      'every: 1h, make: [north, west]',
      LIST,
      "there is no partition 'west': there are north, south",
    ],
    ['every: 1h, make: newest', MONTHS, "there is no partition 'newest': a month is written like"],
    ['every: 1h, make: 2023-12', MONTHS, 'the first one is 2024-01'],
    ['every: 1h, make: [latest, latest]', MONTHS, "'latest' stands there twice"],
    ["every: 1h, out: 'out/${{ job.name }}'", '', 'BAD_REFERENCE'],
  ])('{ %s }', (schedule, more, said) => {
    const lines = check(schedule, more).problems.map(
      (one) => `${problemLine(one)} ${one.hint ?? ''}`,
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(said);
  });

  test('a partition that is wrong is not told twice', () => {
    const wrong = 'partition: { by: month, start: nonsense }';
    expect(check('every: 1h, make: latest', wrong).problems).toHaveLength(1);
  });
});

describe('a change of the clock in the coming year is remarked on', () => {
  test.each([
    [
      "cron: '30 2 * * *', timezone: Europe/Amsterdam",
      [
        "'30 2 * * *': 02:30 does not exist on 2027-03-28 in Europe/Amsterdam, so there is no run",
        "'30 2 * * *': the time from 02:00 to 03:00 comes twice on 2027-10-31 in Europe/Amsterdam, and runs in it may come once, twice or late",
      ],
    ],
    ["cron: '30 3 * * *', timezone: Europe/Amsterdam", []],
    [
      "cron: '*/10 * * * *', timezone: Europe/Amsterdam",
      [
        "'*/10 * * * *': the time from 02:00 to 03:00 comes twice on 2027-10-31 in Europe/Amsterdam, and runs in it may come once, twice or late",
      ],
    ],
    ["cron: '30 2 * * mon', timezone: Europe/Amsterdam", []],
    ["cron: '30 2 * * *'", []],
    [
      "cron: '45 1 * * *', timezone: Australia/Lord_Howe",
      [
        "'45 1 * * *': the time from 01:30 to 02:00 comes twice on 2027-04-04 in Australia/Lord_Howe, and runs in it may come once, twice or late",
      ],
    ],
  ])('{ %s }', (schedule, remarks) => {
    expect(check(schedule).remarks).toEqual(remarks);
  });
});
