import { expect, test } from '@jest/globals';

import { explainFsFailure } from '../../src/store/fs-failure.ts';

test.each([
  ['ENOSPC', 'OUT_OF_SPACE', 'the disk is full'],
  ['EDQUOT', 'OUT_OF_SPACE', 'the disk quota is used up'],
  ['EACCES', 'STATE_DIR_UNUSABLE', 'permission denied'],
  ['EROFS', 'STATE_DIR_UNUSABLE', 'read-only filesystem'],
])('%s becomes %s, which says what and where', (errno, code, what) => {
  const cause = Object.assign(new Error(errno), { code: errno });
  expect(explainFsFailure(cause, 'store', 'a.csv')).toMatchObject({
    code,
    message: `cannot store a.csv: ${what}`,
    cause,
  });
});

test('a failure nobody can act on stays what it is', () => {
  const bug = new TypeError('x is not a function');
  expect(explainFsFailure(bug, 'store', 'a.csv')).toBe(bug);
});
