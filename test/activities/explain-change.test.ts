import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { changeText, explainChange } from '../../src/activities/explain-change.ts';
import { fingerprintOf } from '../../src/activities/fingerprint.ts';

import type { FingerprintParts } from '../../src/activities/fingerprint.ts';

const parts: FingerprintParts = {
  kind: 'exec.command',
  version: '1',
  options: { command: ['python3', 'score.py'], env: { LEVEL: 'low' }, sql: { $sql: ['select 1'] } },
  sources: [
    { original: 'data.csv', sha256: 'aa' },
    { original: 'score.py', sha256: 'bb' },
  ],
  inputs: { clean: { outputs: { table: { sha256: 'cc', format: 'parquet' } } } },
};
const said = (changed: Partial<FingerprintParts>, before: FingerprintParts = parts) =>
  explainChange(
    fingerprintOf(before).ingredients,
    fingerprintOf({ ...before, ...changed }).ingredients,
  ).map(changeText);

test('has nothing to say about equal ingredients', () => {
  expect(said({})).toEqual([]);
});

test.each<[Partial<FingerprintParts>, string[]]>([
  [{ kind: 'exec.other' }, ['kind: "exec.command" -> "exec.other"']],
  [{ version: '2' }, ['the kind\'s version: "1" -> "2"']],
  [
    {
      sources: [
        { original: 'data.csv', sha256: 'ab' },
        { original: 'new.py', sha256: 'bb' },
      ],
    },
    ['source file data.csv changed', 'source file new.py is new', 'source file score.py is gone'],
  ],
  [{ sources: parts.sources.toReversed() }, ['the files come in another order']],
  [
    { inputs: { clean: { outputs: { table: { sha256: 'cd', format: 'parquet' } } } } },
    ['input clean.table changed'],
  ],
  [{ inputs: { ...parts.inputs, extra: { outputs: {} } } }, ['input extra is new']],
  [{ salt: 'run-2' }, ['its result is kept for one run only']],
])('names exactly what differs: %j', (changed, expected) => {
  expect(said(changed)).toEqual(expected);
});

test('gives the path of each option, old and new', () => {
  const options = {
    command: ['python3', 'rank.py'],
    env: { LEVEL: 'low', MORE: true },
    shell: 'x',
  };
  expect(said({ options })).toEqual([
    'option command.1: "score.py" -> "rank.py"',
    'option env.MORE is new: true',
    'option shell is new: "x"',
    'option sql is gone: select 1',
  ]);
});

const query = (tail: string) => ({ sql: { $sql: [`select ${'column, '.repeat(20)}${tail}`] } });

test('shows two long queries by the place where they part', () => {
  const [line] = said({ options: query('b') }, { ...parts, options: query('a') });
  expect(line).toMatch(/^option sql: \.\.\..*column, a -> \.\.\..*column, b$/);
});

test('understands ingredients it does not know as absent', () => {
  const { ingredients } = fingerprintOf(parts);
  expect(explainChange(undefined, ingredients).map(({ part }) => part)).toContain('kind');
  expect(() => explainChange('from long ago', { kind: 7, sources: 'x', inputs: [] })).not.toThrow();
});

test('finds a difference exactly when the fingerprints differ', () => {
  const anyParts = fc.record({
    kind: fc.constantFrom('a', 'b'),
    version: fc.constantFrom('1', '2'),
    options: fc.dictionary(fc.constantFrom('x', 'y', '$sql'), fc.constantFrom(1, 'one', null)),
    sources: fc.array(
      fc.record({ original: fc.constantFrom('p', 'q'), sha256: fc.constantFrom('1', '2') }),
      { maxLength: 3 },
    ),
    inputs: fc.dictionary(
      fc.constantFrom('s', 't'),
      fc.record({
        outputs: fc.dictionary(
          fc.constantFrom('table', 'other'),
          fc.record({ sha256: fc.constantFrom('1', '2'), format: fc.constant('csv' as const) }),
        ),
      }),
    ),
  });
  fc.assert(
    fc.property(anyParts, anyParts, (a, b) => {
      const [left, right] = [fingerprintOf(a), fingerprintOf(b)];
      const changes = explainChange(left.ingredients, right.ingredients);
      expect(changes.length === 0).toBe(left.fingerprint === right.fingerprint);
    }),
    { numRuns: 1000 },
  );
});
