import { expect, test } from '@jest/globals';

import { formatSize, parseSize } from '../../src/model/size.ts';

test.each([
  ['20GB', 20e9],
  ['1.5 kB', 1500],
  ['512MiB', 512 * 2 ** 20],
  ['1048576', 1048576],
  ['7b', 7],
  ['0', 0],
])('%s is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

test.each(['much', '20 G B', '-1GB', 'GB', '1e9', '99999999TB', '1ib'])('%s is no size', (text) =>
  expect(() => parseSize(text)).toThrow('is not a size'),
);

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1200, '1.2 kB'],
  [9960, '10 kB'],
  [999_600, '1.0 MB'],
  [1.2e9, '1.2 GB'],
  [35e6, '35 MB'],
])('%d bytes are shown as %s', (bytes, text) => expect(formatSize(bytes)).toBe(text));
