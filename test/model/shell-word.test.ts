import { execFileSync } from 'node:child_process';

import { expect, test } from '@jest/globals';

import { shellWord } from '../../src/model/shell-word.ts';

test.each(['out', './a b', "it's", '~/x', 'a$HOME`b`', '', '#x', 'a\nb', '*', 'ü', '-x=1'])(
  'a shell reads the word %j as it was meant',
  (text) => {
    const said = execFileSync('/bin/sh', ['-c', `printf '<%s>' ${shellWord(text)}`]);
    expect(said.toString()).toBe(`<${text}>`);
  },
);

test('a plain path is shown as it is', () => {
  expect(shellWord('/srv/data/out-1.d')).toBe('/srv/data/out-1.d');
});
