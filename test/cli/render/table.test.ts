import { expect, test } from '@jest/globals';

import { tableLines } from '../../../src/cli/render/table.ts';

const HEADS = ['name', 'rows', 'out'];
const ROWS = [
  ['a', '7', 'out/a'],
  ['a-rather-long-name', '1200', 'out/a-rather-long-name'],
];

test('columns are as wide as their cells, numbers end below each other', () => {
  expect(tableLines(HEADS, ROWS, { width: Infinity, cuttable: ['out'], right: ['rows'] })).toEqual([
    'name                rows  out',
    'a                      7  out/a',
    'a-rather-long-name  1200  out/a-rather-long-name',
  ]);
});

test('what does not fit is cut from columns that may be cut, and from no others', () => {
  expect(tableLines(HEADS, ROWS, { width: 40, cuttable: ['out'], right: ['rows'] })).toEqual([
    'name                rows  out',
    'a                      7  out/a',
    'a-rather-long-name  1200  out/a-rather-…',
  ]);
});
