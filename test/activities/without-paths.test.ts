import { expect, test } from '@jest/globals';

import { withoutPaths } from '../../src/activities/without-paths.ts';

import type { Json } from '../../src/model/json.ts';

const SOURCES = [
  { path: '/a.csv', delimiter: ';' },
  { path: '/b.csv', delimiter: ',' },
];

test.each<[string, readonly string[], Json, Json]>([
  ['a path', ['from'], { from: '/a.csv', format: 'csv' }, { format: 'csv' }],
  ['one path or a list of them', ['from', 'from.*'], { from: ['/a', '/b'], n: 1 }, { n: 1 }],
  [
    'what stands beside a path',
    ['source.path'],
    { source: SOURCES[0]! },
    { source: { delimiter: ';' } },
  ],
  [
    'what stands beside paths in a list',
    ['sources.*.path'],
    { sources: SOURCES },
    { sources: [{ delimiter: ';' }, { delimiter: ',' }] },
  ],
  ['the keys of a mapping of paths', ['files.*'], { files: { a: '/a' }, n: 1 }, { n: 1 }],
  ['nothing where no option is a path', [], { from: '/a.csv' }, { from: '/a.csv' }],
  ['nothing where the option is not given', ['source.path'], { n: 1 }, { n: 1 }],
])('drops paths and keeps the rest: %s', (_, patterns, options, expected) => {
  expect(withoutPaths(options, patterns)).toEqual(expected);
});
