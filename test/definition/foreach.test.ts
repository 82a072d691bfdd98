import { expect, test } from '@jest/globals';

import { stepFor } from '../../src/activities/item-attempt.ts';
import { check, JOB, problemsOf, stepOf } from './fake-kinds.ts';

const RICH = `${JOB}params:
  one: { type: string, default: north }
  many: { type: list, default: [north, south], pattern: '^[a-z]+$' }
  most: { type: integer, default: 3 }
`;

const profileOf = (foreach: string, more = ''): string => `profile: main
concurrency: 6
steps:
  shops: { uses: fake.make }
  x:
    uses: fake.make
    foreach: ${foreach}
${more}`;

test.each([
  ['texts', '{ in: [a, b] }', ['a', 'b']],
  ['numbers, true and false', '{ in: [1, 2.5, true] }', [1, 2.5, true]],
  ['rows', '{ in: [{ id: 1, name: a }, { id: 2, name: b }] }', undefined],
  ['parameters in a list', "{ in: ['${{ params.one }}', b] }", ['north', 'b']],
  ['a parameter that is a list', "{ in: '${{ params.many }}' }", ['north', 'south']],
  ['a table', '{ in: shops }', { table: 'shops' }],
  ['a table by reference', "{ in: '${{ steps.shops.outputs.table }}' }", { table: 'shops' }],
])('the items can be %s', (_name, foreach, list) => {
  const found = stepOf('x', RICH, profileOf(foreach));
  expect(found.foreach).toMatchObject({ as: 'item', atMost: 6, allowFailed: 0, reads: [] });
  if (list !== undefined) expect(found.foreach?.in).toEqual(list);
});

test('a list on the command line is cut at its commas', () => {
  const given = { many: 'east, west' };
  const { foreach } = stepOf('x', RICH, profileOf("{ in: '${{ params.many }}' }"), given);
  expect(foreach?.in).toEqual(['east', 'west']);
});

test('the table of the items is needed and read by the step, and not by its items', () => {
  const { needs, reads, foreach } = stepOf('x', RICH, profileOf('{ in: shops }'));
  expect({ needs, reads }).toEqual({ needs: ['shops'], reads: ['shops'] });
  expect(foreach?.reads).toEqual([]);
  const sql = '    with: { sql: select * from shops }\n';
  expect(stepOf('x', RICH, profileOf('{ in: shops }', sql)).foreach?.reads).toEqual(['shops']);
});

test('settings of foreach may come from parameters', () => {
  const foreach = "{ in: [a], item: region, at_most: '${{ params.most }}', allow_failed: 5% }";
  expect(stepOf('x', RICH, profileOf(foreach)).foreach).toEqual({
    in: ['a'],
    as: 'region',
    atMost: 3,
    allowFailed: { percent: 5 },
    reads: [],
  });
});

test.each([
  ['a whole option', '    with: { text: "${{ item }}" }\n', '    with: { text: a }\n'],
  ['text', '    with: { text: "<${{ item }}>" }\n', '    with: { text: <a> }\n'],
  [
    'a query',
    '    with: { sql: "select ${{ item }}" }\n',
    '    with: { sql: "select ${{ params.p }}" }\n',
  ],
  ['a path', '    with: { from: "x/${{ item }}.csv" }\n', '    with: { from: x/a.csv }\n'],
  ['the whole of a path', '    with: { from: "${{ item }}" }\n', '    with: { from: a }\n'],
  ['a list of paths', '    with: { from: ["${{ item }}.csv"] }\n', '    with: { from: [a.csv] }\n'],
  [
    'text beside a secret',
    '    with: { env: { K: "${{ secrets.S }} ${{ item }}" } }\n',
    '    with: { env: { K: "${{ secrets.S }} a" } }\n',
  ],
])('an item in %s gives the step that has its value written there', (_name, withItem, written) => {
  const job = `${JOB}params: { p: { type: string, default: a } }\n`;
  const items = stepOf('x', job, profileOf('{ in: [a] }', withItem));
  const plain = `profile: main\nsteps:\n  x:\n    uses: fake.make\n${written}`;
  expect(stepFor(items, { item: 'a' }).options).toEqual(stepOf('x', job, plain).options);
});

test('a column of a row stands for its value', () => {
  const sql =
    '    with: { sql: "select ${{ item.id }}, ${{ item.day }}", text: "${{ item.name }}!" }\n';
  const step = stepOf('x', RICH, profileOf('{ in: shops }', sql));
  const row = { item: { id: 7, name: 'A', day: '2026-01-01' }, types: { day: 'DATE' as const } };
  expect(stepFor(step, row).options).toMatchObject({
    sql: {
      $sql: ['select ', { value: 7 }, ', ', { value: '2026-01-01', type: 'DATE' }],
    },
    text: 'A!',
  });
  expect(() => stepFor(step, { item: { id: 7 } })).toThrow(
    "the items have no column 'day'; they have id",
  );
});

test.each([
  [
    'an item twice',
    '{ in: [a, b, a] }',
    'p0.yaml:7:27: BAD_ITEMS: steps.x.foreach.in: the item "a" stands twice',
  ],
  [
    'an empty list',
    '{ in: [] }',
    'p0.yaml:7:20: BAD_VALUE: steps.x.foreach.in: found a list; expected at least 1 items',
  ],
  [
    'rows with other columns',
    '{ in: [{ id: 1 }, { name: a }] }',
    'p0.yaml:7:32: BAD_ITEMS: steps.x.foreach.in: an item is name, and the first one is id',
  ],
  [
    'a table that no step makes',
    '{ in: shosp }',
    "p0.yaml:7:20: UNKNOWN_NEED: step 'x' needs 'shosp', which is no step of this profile; known: shops. Did you mean 'shops'?",
  ],
  [
    'a parameter that is no list',
    "{ in: '${{ params.one }}' }",
    "p0.yaml:7:20: BAD_VALUE: steps.x.foreach.in: the parameter 'one' is one value; give it the type list",
  ],
  [
    'text around a reference',
    "{ in: 'x ${{ params.many }}' }",
    'p0.yaml:7:20: BAD_VALUE: steps.x.foreach.in: text around a reference; foreach.in takes a list, the name of a table, ${{ params.x }} of type list, or ${{ steps.x.outputs.table }}',
  ],
  [
    'no list',
    '{ item: a }',
    "p0.yaml:7:5: MISSING_KEY: steps.x.foreach: the key 'in' is missing; expected a list of values or of mappings, the name of a table, or a reference to a table or a list",
  ],
  [
    'more than all that may fail',
    '{ in: [a], allow_failed: 500% }',
    "p0.yaml:7:39: BAD_VALUE: steps.x.foreach.allow_failed: expected a number of items such as 3, or of a hundred such as '5%'",
  ],
])('%s is refused', (_name, foreach, problem) => {
  expect(problemsOf(RICH, profileOf(foreach))).toContain(problem);
});

test.each([
  [
    'an item where the step has none',
    `profile: main\nsteps:\n  x: { uses: fake.make, with: { text: '\${{ item }}' } }\n`,
    "p0.yaml:3:40: UNKNOWN_REFERENCE: unknown reference 'item': the step has no key 'foreach'",
  ],
  [
    'a column of a value',
    profileOf('{ in: [a] }', '    with: { text: "${{ item.id }}" }\n'),
    "p0.yaml:8:20: UNKNOWN_REFERENCE: unknown reference 'item.id'; allowed here: item",
  ],
  [
    'a whole row',
    profileOf('{ in: shops }', '    with: { text: "${{ item }}" }\n'),
    "p0.yaml:8:20: UNKNOWN_REFERENCE: unknown reference 'item'; allowed here: item.column",
  ],
  [
    'a column that the rows have not',
    profileOf('{ in: [{ shop: 1 }] }', '    with: { text: "${{ item.shpo }}" }\n'),
    "p0.yaml:8:20: UNKNOWN_REFERENCE: unknown reference 'item.shpo': the items have no column 'shpo'; known: shop. Did you mean 'shop'?",
  ],
  [
    'an item in a condition',
    profileOf('{ in: [a] }', '    when: { value: "${{ item }}", equals: a }\n'),
    "p0.yaml:8:21: BAD_REFERENCE: the reference 'item' cannot stand here; a condition compares params, job.name, run.date, partition, and values and status of steps",
  ],
  [
    'an item in an option that takes few words',
    profileOf('{ in: [a] }', '    with: { mode: "${{ item }}" }\n'),
    "p0.yaml:8:19: BAD_OPTION: step 'x' (fake.make): mode: found a reference; allowed: fast, exact",
  ],
  [
    'a kind that exports',
    `profile: main\nsteps:\n  a: { uses: fake.make }\n  x: { uses: fake.send, foreach: { in: [a] }, with: { table: a, name: b } }\n`,
    "p0.yaml:4:34: BAD_VALUE: step 'x': fake.send cannot have a foreach; let the steps before it have one, and export what they gather",
  ],
])('%s is refused where it is written', (_name, profile, problem) => {
  expect(problemsOf(RICH, profile)).toContain(problem);
});

test('the values of a step with items are those of all of them', () => {
  const use = (value: string): readonly string[] =>
    problemsOf(
      RICH,
      profileOf(
        '{ in: [a] }',
        `  y: { uses: fake.make, with: { text: '\${{ steps.x.values.${value} }}' } }\n`,
      ),
    );
  expect(use('items')).toEqual([]);
  expect(use('rows')).toEqual([]);
  expect(use('other')[0]).toContain('UNKNOWN_REFERENCE');
});

test('a list parameter holds its rules to each of its texts', () => {
  const profile = profileOf("{ in: '${{ params.many }}' }");
  expect(problemsOf(RICH, profile, { many: 'a,B' })[0]).toContain(
    "'a,B' has 'B' in it, which does not match its pattern",
  );
  expect(problemsOf(RICH, profile, { many: 'a,,b' })[0]).toContain('has an empty text in it');
  expect(check(RICH.replace('[north, south]', "['a,b']"), profile).problems[0]?.code).toBe(
    'WRONG_TYPE',
  );
});
