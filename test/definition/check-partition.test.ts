import { describe, expect, test } from '@jest/globals';

import { checkDefinition } from '../../src/definition/check.ts';
import { problemLine } from '../../src/definition/render-problems.ts';
import { FAKE_KINDS } from './fake-kinds.ts';

import type { Checked } from '../../src/definition/check.ts';
import type { Start } from '../../src/definition/check-partition.ts';

const PROFILE = `
profile: main
steps:
  a: { uses: fake.make, with: { text: '\${{ partition.id }}' } }
`;

function check(
  partition: string,
  {
    profile = 'profile: main\nsteps: { a: { uses: fake.make } }\n',
    wanted,
    start = { date: '2026-11-27' },
    more = '',
  }: {
    readonly profile?: string;
    readonly wanted?: string;
    readonly start?: Start;
    readonly more?: string;
  } = {},
): Checked {
  return checkDefinition({
    job: { path: 'job.yaml', text: `job: demo\n${partition}\n${more}` },
    profiles: [{ path: 'p.yaml', text: profile }],
    kinds: FAKE_KINDS,
    given: {},
    start,
    partition: wanted,
    resolvePath: (path) => `/data/${path}`,
  });
}

const lines = (checked: Checked): readonly string[] => checked.problems.map(problemLine);

describe('which partition a plan makes', () => {
  test.each([
    ['by: month, start: 2026-01', undefined, '2026-10'],
    ['by: month, start: 2026-01', 'latest', '2026-10'],
    ['by: month, start: 2026-01', '2026-03', '2026-03'],
    ['by: month, start: 2026-01', '2026-11', '2026-11'],
    ['by: month, start: 2026-12', undefined, '2026-12'],
    ['by: year, start: 2020', undefined, '2025'],
    ['by: week, start: 2026-W01', undefined, '2026-W47'],
    ['by: day, start: 2026-01-01', undefined, '2026-11-26'],
    ['by: day, start: 2026-01-01, end: 2026-02-28', undefined, '2026-02-28'],
    ['by: list, values: [north, south]', undefined, 'north'],
    ['by: list, values: [north, 12]', '12', '12'],
  ])('{ %s } and %p: %s', (partition, wanted, id) => {
    const checked = check(`partition: { ${partition} }`, wanted === undefined ? {} : { wanted });
    expect(lines(checked)).toEqual([]);
    expect(checked.plan?.partition?.id).toBe(id);
  });

  test('the days are those of the job, and so is the date of the run', () => {
    // Already the first of November in Amsterdam.
    const start = { atMs: Date.parse('2026-10-31T23:30:00Z') };
    const of = (zone: string) =>
      check(`partition: { by: month, start: 2026-01, timezone: ${zone} }`, { start });
    expect([of('Europe/Amsterdam').cut.date, of('Europe/Amsterdam').plan?.partition?.id]).toEqual([
      '2026-11-01',
      '2026-10',
    ]);
    expect([of('UTC').cut.date, of('UTC').plan?.partition?.id]).toEqual(['2026-10-31', '2026-09']);
  });

  test('a job that is not cut has a plan without one', () => {
    expect(check('').plan).not.toHaveProperty('partition');
  });
});

describe('references', () => {
  test('stand in inputs, defaults, options and conditions', () => {
    const more =
      "inputs: { o: { path: 'o/${{ partition.id }}-${{ partition.end }}.csv' } }\nparams: { from: { type: date, default: '${{ partition.start }}' } }\n";
    const profile = `
profile: main
steps:
  a: { uses: fake.make, when: { value: '\${{ partition.id }}', equals: 2026-03 } }
`;
    const checked = check('partition: { by: month, start: 2026-01 }', {
      more,
      profile,
      wanted: '2026-03',
    });
    expect(lines(checked)).toEqual([]);
    expect(checked.paths.map(({ path }) => path)).toEqual(['/data/o/2026-03-2026-04-01.csv']);
    expect(checked.plan?.params).toEqual({ from: '2026-03-01' });
    expect(checked.plan?.steps[0]?.when).toEqual({ value: '2026-03', equals: '2026-03' });
  });

  test.each([
    ['', '${{ partition.id }}', /the job has no key 'partition'/],
    [
      'partition: { by: month, start: 2026-01 }',
      '${{ partition.date }}',
      /partition\.id, partition\.start, partition\.end/,
    ],
    [
      'partition: { by: list, values: [a] }',
      '${{ partition.start }}',
      /a list has partition\.id alone/,
    ],
  ])('%p with %p is refused', (partition, reference, message) => {
    const more = `inputs: { o: { path: 'x${reference}' } }\n`;
    expect(lines(check(partition, { more }))).toEqual([
      expect.stringMatching(/^job\.yaml:3:24: UNKNOWN_REFERENCE: /),
    ]);
    expect(lines(check(partition, { more }))[0]).toMatch(message);
  });
});

describe('mistakes', () => {
  test.each([
    ['{ by: month }', '2:12', /partition\.start: it is missing; the first month is needed/],
    ['{ by: month, start: 2026 }', '2:32', /'2026' is no month; one is written like 2026-10/],
    ['{ by: month, start: 2026-13 }', '2:32', /'2026-13' is no month/],
    ['{ by: year, start: 26 }', '2:31', /'26' is no year/],
    ['{ by: day, start: 2026-02-30 }', '2:30', /'2026-02-30' is no day/],
    [
      '{ by: month, start: 2026-03, end: 2026-01 }',
      '2:46',
      /2026-01 lies before the start, 2026-03/,
    ],
    ['{ by: month, start: 2026-01, timezone: Mars }', '2:51', /no time zone 'Mars'/],
    ['{ by: month, start: 2026-01, values: [a] }', '2:49', /a month has none/],
    ['{ by: list }', '2:12', /partition\.values: it is missing/],
    ['{ by: list, values: [] }', '2:32', /expected at least 1/],
    ['{ by: list, values: [a], start: 2026 }', '2:44', /a list has none/],
    ['{ by: list, values: [a, A] }', '2:32', /more than once, or differs in capitals/],
    ['{ by: list, values: [latest] }', '2:32', /'latest' cannot be the name of a folder/],
    ['{ by: list, values: [a/b] }', '2:32', /'a\/b' cannot be the name of a folder/],
    ['{ by: hour, start: 2026 }', '2:18', /allowed: day, week, month, year, list/],
    ['{ by: month, first: 2026-01 }', '2:25', /unknown key 'first'/],
    ['month', '2:12', /expected a mapping/],
  ])('partition: %s', (partition, place, message) => {
    const [line, ...more] = lines(check(`partition: ${partition}`));
    expect(more).toEqual([]);
    expect(line).toMatch(message);
    expect(line).toContain(`job.yaml:${place}: `);
  });

  test.each([
    ['2026-12', /it begins on 2026-12-01, and today is 2026-11-27/],
    ['2025-12', /the first one is 2026-01/],
    ['yesterday', /a month is written like 2026-10/],
  ])('--partition %s', (wanted, message) => {
    const [line, ...more] = lines(check('partition: { by: month, start: 2026-01 }', { wanted }));
    expect(more).toEqual([]);
    expect(line).toMatch(/^--partition .*: BAD_PARTITION: /);
    expect(line).toMatch(message);
  });

  test('--partition for a job that is not cut', () => {
    expect(lines(check('', { wanted: '2026-10' }))).toEqual([
      "--partition 2026-10: BAD_PARTITION: the job has no key 'partition', so it is made as a whole",
    ]);
  });

  test('nothing follows from a partition that is wrong', () => {
    const wrong = check('partition: { by: month, start: may }', {
      profile: PROFILE,
    });
    expect(lines(wrong)).toHaveLength(1);
  });
});
