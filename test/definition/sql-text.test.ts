import { expect, test } from '@jest/globals';

import { readSql } from '../../src/definition/sql-text.ts';

const namesOf = (text: string): readonly string[] => [...readSql(text).names];
const referencesOf = (text: string): readonly string[] =>
  readSql(text).parts.flatMap((part) =>
    typeof part === 'string'
      ? []
      : 'name' in part
        ? [part.name]
        : ['quoted' in part ? 'QUOTED' : 'WRONG'],
  );

test.each([
  ['select a from B', ['select', 'a', 'from', 'b']],
  [`select 'x' from "My ""T"`, ['select', 'from', 'my "t']],
  ['-- gone\nfrom t', ['from', 't']],
  ['/* a /* b */ c */ from t', ['from', 't']],
  [String.raw`select e'it\'s x' from t`, ['select', 'from', 't']],
  ["select 'it''s x' from t", ['select', 'from', 't']],
  ['select $$ x $$, $tag$ y $$ z $tag$ from t', ['select', 'from', 't']],
  ['select 1e5, 10 from straße', ['select', 'from', 'straße']],
  ["select 'never closed from t", ['select']],
])('finds the names of %j', (text, names) => {
  expect(namesOf(text)).toEqual(names);
});

test.each([
  ['select ${{ params.a }} -- ${{ params.b }}', ['params.a']],
  ["select '${{ params.a }}', ${{ params.b }}", ['QUOTED', 'params.b']],
  ['select "${{ params.a }}"', ['QUOTED']],
  ['select /* ${{ x */ ${{ params.a }}', ['params.a']],
  ['select $${{ params.a }}', ['params.a']],
  ['select ${{ 1 }}', ['WRONG']],
])('finds the references of %j', (text, names) => {
  expect(referencesOf(text)).toEqual(names);
});

test('counts every mark, so that each has its place in the file', () => {
  const { parts } = readSql("-- ${{ a }}\nselect '${{ b }} ${{ c }}', ${{ params.d }}");

  expect(parts.filter((part) => typeof part !== 'string').map(({ mark }) => mark)).toEqual([1, 3]);
});

test('gives the text back as it was', () => {
  const text = `select 1, 'a' -- c\n, "q" /* d */, $$e$$ from t where x = e'f' and 1.5e3 > 2`;

  expect(readSql(text).parts).toEqual([text]);
});
