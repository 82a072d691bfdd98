import { writeFile } from 'node:fs/promises';

import { describe, expect, test } from '@jest/globals';

import { collectFiles } from '../../src/kinds/collect-files.ts';
import { transformSql } from '../../src/kinds/transform-sql.ts';
import { withAttempt } from './harness.ts';

type Read = (text: string) => Promise<readonly Record<string, unknown>[]>;

const collected: Read = async (text) => {
  let found: readonly Record<string, unknown>[] = [];
  await withAttempt({ files: { 'a.csv': text } }, async ({ path, run, rows }) => {
    const { outputs } = await run(collectFiles, { from: path('a.csv') });
    found = await rows(outputs?.['table']);
  });
  return found;
};

const queried: Read = async (text) => {
  let found: readonly Record<string, unknown>[] = [];
  await withAttempt({ files: { given: text } }, async ({ path, run, rows }) => {
    const table = { path: path('given'), sha256: '', bytes: 0, format: 'csv' } as const;
    const inputs = { x: { outputs: { table }, values: {} } };
    const { outputs } = await run(transformSql, { sql: 'select * from x' }, { inputs });
    found = await rows(outputs?.['table']);
  });
  return found;
};

describe.each([
  ['a collected file', collected],
  ['an output of a command', queried],
])('%s', (_, read) => {
  test.each([
    ['a row that starts with # is a row', 'tag,n\n#b,1\na,2\n#c,3\n', ['#b', 'a', '#c']],
    ['with the line ends of Windows too', 'tag,n\r\n#b,1\r\nc,3\r\n', ['#b', 'c']],
    ['nothing but # is text', 'tag\n#\n# a\n##\n', ['#', '# a', '##']],
    ['the first row may start with #', 'tag,n\n# a note,1\nx,2\n', ['# a note', 'x']],
    ['# in quotes is text', 'tag,n\n"#,b",1\n', ['#,b']],
    ['apostrophes are text', "tag,n\n'a',1\nit's,2\n'',3\n", ["'a'", "it's", "''"]],
    ['an apostrophe groups nothing', "tag,n,m\n'a,b',1\n'c,d',2\n", ["'a", "'c"]],
    ['quotes hold commas and lines', 'tag,n\n"a,b\nc",1\n', ['a,b\nc']],
    ['two quotes in quotes are one', 'tag,n\n"say ""hi""",1\n', ['say "hi"']],
    ['a backslash is text', 'tag,n\n"a\\",1\nb\\,2\n', ['a\\', 'b\\']],
    ['the first line names the columns', 'tag\nv\na;b\n', ['v', 'a;b']],
  ])('%s', async (_name, text, tags) => {
    const rows = await read(text);
    expect(rows.map((row) => row['tag']).toSorted()).toEqual(tags.toSorted());
  });

  test.each([
    ['a note among the rows', 'tag,n\ngeneral,5\n#dev,1\n# note\n'],
    ['a note above the rows', '# note\ntag,n\na,1\nb,2\n'],
    ['a record that is too long', 'id,title\n1,ok\n2,"a\nb",c\n3,z\n'],
    ['a comma between apostrophes', "id,t\n1,'a,b'\n2,'c'\n"],
    ['a record that is too short', 'a,b,c\n1,2,3\n4,5\n'],
    ['a quote that is never closed', 'id,t\n1,"abc\n2,x\n'],
    ['text after a closing quote', 'id,t\n1,"abc" x\n2,y\n'],
    ['a quote behind a backslash', 'id,t\n1,"a\\"b"\n2,x\n'],
  ])('refuses %s', async (_name, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'BAD_INPUT_DATA' });
  });

  test('keeps or refuses a line that differs far below the first ones, and drops none', async () => {
    const lines = Array.from({ length: 30_000 }, (_line, n) => `v${n},${n}`);
    const text = (line: string): string => ['tag,n', ...lines, line, ''].join('\n');
    expect(await read(text('#last,1'))).toHaveLength(30_001);
    await expect(read(text('# note'))).rejects.toThrow(
      ':30002: 1 field where the first line has 2',
    );
  });
});

test('takes another quote where the definition says so, and doubles it to mean itself', async () => {
  const text = "tag,n\n'a,''b''',1\n\"c,2\n";
  await withAttempt({ files: { 'a.csv': text } }, async ({ path, run, rows }) => {
    const options = { from: path('a.csv'), csv: { quote: "'" } };
    const { outputs } = await run(collectFiles, options);
    expect(await rows(outputs?.['table'], 'select tag from t')).toEqual([
      { tag: "a,'b'" },
      { tag: '"c' },
    ]);
  });
});

test('names the table and its format when an output of a command cannot be read', async () => {
  await withAttempt({}, async ({ run, path }) => {
    const given = path('../given');
    await writeFile(given, 'a,b\n1,2,3\n');
    const scores = { path: given, sha256: '', bytes: 0, format: 'csv' } as const;
    const inputs = { x: { outputs: { scores }, values: {} } };
    await expect(
      run(transformSql, { sql: 'select * from x.scores' }, { inputs }),
    ).rejects.toMatchObject({
      code: 'BAD_INPUT_DATA',
      message: expect.stringMatching(/^the table x\.scores cannot be read as csv: (?!.*given)/),
    });
  });
});
