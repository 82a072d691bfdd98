import { expect, test } from '@jest/globals';
import { array, assert, constantFrom, nat, oneof, property, record, string } from 'fast-check';

import { readSource } from '../../src/definition/source.ts';
import { check } from './fake-kinds.ts';

const JOB_TEXT = `job: demo
profile: main
params: { n: { type: integer, default: 3, min: 1 }, t: { type: string, default: x } }
inputs: { data: { path: d.csv } }
budgets: { wall: 5m }
`;
const PROFILE_TEXT = `profile: main
defaults: &d { timeout: 5m, retry: { attempts: 2 } }
steps:
  a: &a { uses: fake.make, with: { from: '\${{ inputs.data }}' } }
  b:
    <<: *a
    needs: [a]
    when: { value: '\${{ steps.a.values.v }}', above: 2 }
    with: { sql: 'select \${{ params.n }} from a', env: { K: '\${{ secrets.S }}' } }
  c: { uses: fake.send, with: { table: b, name: out } }
`;

/** Pieces that mean something to YAML, to references or to the checks. */
const PIECES = constantFrom(
  ...[
    '\n',
    '\t',
    '  ',
    ': ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '&a ',
    '*a',
    '<<: ',
    '!x ',
    '---\n',
    '...',
    '#',
  ],
  ...[
    '"',
    "'",
    '|\n',
    '? ',
    '${{',
    '}}',
    '${{ params.n }}',
    '${{ steps.c.outputs.table }}',
    'null',
  ],
  ...[
    '~',
    '.nan',
    '1e999',
    '0x1F',
    '__proto__: 1\n',
    'constructor: ',
    '\uFEFF',
    '\0',
    '\ud800',
    'steps:',
  ],
);

const edit = record({ at: nat(700), cut: nat(40), put: oneof(PIECES, string({ maxLength: 6 })) });

function mutated(text: string, edits: readonly { at: number; cut: number; put: string }[]): string {
  return edits.reduce((now, { at, cut, put }) => {
    const from = at % (now.length + 1);
    return now.slice(0, from) + put + now.slice(from + cut);
  }, text);
}

test('starts from files that are valid', () => {
  expect(check(JOB_TEXT, PROFILE_TEXT).problems).toEqual([]);
});

test('never throws, whatever the files hold, and gives a plan or a problem with a place', () => {
  assert(
    property(array(edit, { maxLength: 4 }), array(edit, { maxLength: 4 }), (first, second) => {
      const { plan, problems } = check(mutated(JOB_TEXT, first), mutated(PROFILE_TEXT, second));

      expect(plan === undefined).toBe(problems.length > 0);
      for (const { line, column, message } of problems) {
        expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
        expect(message).not.toMatch(/undefined|\[object/);
      }
    }),
    { numRuns: 500 },
  );
}, 60_000);

test('never throws for any text', () => {
  assert(
    property(array(oneof(PIECES, string())), (pieces) => {
      expect(readSource('f', pieces.join('')).problems).toBeInstanceOf(Array);
    }),
    { numRuns: 500 },
  );
}, 60_000);

test.each(['[', '{a: ', '- ', '? ', '&a [*a, '])('survives ten thousand times %j', (piece) => {
  expect(readSource('f', piece.repeat(10_000)).problems).not.toEqual([]);
});
