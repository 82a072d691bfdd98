import { expect, test } from '@jest/globals';

import { typeOf } from '../../../src/duckdb/kept/type-text.ts';

const plain = (text: string) => ({ kind: 'plain', text });

test.each([
  ['INTEGER', plain('INTEGER')],
  ['DECIMAL(18,3)', plain('DECIMAL(18,3)')],
  ['TIMESTAMP WITH TIME ZONE', plain('TIMESTAMP WITH TIME ZONE')],
  ["ENUM('a, b', 'it''s)')", plain("ENUM('a, b', 'it''s)')")],
  ['INTEGER[]', { kind: 'list', text: 'INTEGER[]', of: plain('INTEGER') }],
  [
    'INTEGER[][3]',
    {
      kind: 'array',
      text: 'INTEGER[][3]',
      of: { kind: 'list', text: 'INTEGER[]', of: plain('INTEGER') },
    },
  ],
  [
    'MAP(VARCHAR, HUGEINT)',
    {
      kind: 'map',
      text: 'MAP(VARCHAR, HUGEINT)',
      key: plain('VARCHAR'),
      value: plain('HUGEINT'),
    },
  ],
  [
    'STRUCT(a TIME WITH TIME ZONE, "b ""c" VARCHAR[])',
    {
      kind: 'struct',
      text: 'STRUCT(a TIME WITH TIME ZONE, "b ""c" VARCHAR[])',
      members: [
        { name: 'a', type: plain('TIME WITH TIME ZONE') },
        { name: 'b "c', type: { kind: 'list', text: 'VARCHAR[]', of: plain('VARCHAR') } },
      ],
    },
  ],
  [
    'STRUCT(TIME WITH TIME ZONE, INTEGER)',
    {
      kind: 'struct',
      text: 'STRUCT(TIME WITH TIME ZONE, INTEGER)',
      members: [
        { name: undefined, type: plain('TIME WITH TIME ZONE') },
        { name: undefined, type: plain('INTEGER') },
      ],
    },
  ],
])('reads %s', (text, tree) => {
  expect(typeOf(text)).toEqual(tree);
});
