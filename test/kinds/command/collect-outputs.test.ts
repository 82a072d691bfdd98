import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { shell } from './attempt.ts';

const outputs = (path: string, format?: string) => ({
  outputs: { table: { path, ...(format === undefined ? {} : { format }) } },
});

test.each([
  ['a.csv', 'csv'],
  ['a.parquet', 'parquet'],
  ['a.ndjson', 'jsonl'],
  ['a.csv.gz', 'file'],
  ['deep/er/a.bin', 'file'],
])('%s is of format %s', async (path, format) => {
  const { returned, context } = await shell(`mkdir -p deep/er; touch ${path}`, outputs(path));
  expect(returned.outputs).toEqual({ table: { path: join(context.folder, path), format } });
});

test('a folder is a tree', async () => {
  const { returned } = await shell('mkdir -p t/u; touch t/u/a', outputs('t'));
  expect(returned.outputs).toMatchObject({ table: { format: 'tree' } });
});

test('what is missing is named, and what was written instead', async () => {
  const work = shell('mkdir d; touch d/b.csv c.csv', outputs('a.csv'));
  await expect(work).rejects.toMatchObject({
    code: 'OUTPUT_MISSING',
    message: "the command did not write a.csv, its output 'table'; it wrote c.csv, d/b.csv",
  });
});

test.each([
  ['a link out of the folder', 'ln -s /etc/passwd a.csv', 'a.csv', undefined],
  ['a folder reached by a link', 'ln -s /etc d', 'd/passwd', undefined],
  ['the working folder itself', 'true', '.', undefined],
  ['a pipe', 'mkfifo a.csv', 'a.csv', undefined],
  ['a folder with a link in it', 'mkdir t; ln -s /etc/passwd t/a', 't', undefined],
  ['a folder declared as a table', 'mkdir a.csv', 'a.csv', 'csv'],
  ['a file declared as a folder', 'touch a', 'a', 'tree'],
])('%s is refused', async (_what, script, path, format) => {
  await expect(shell(script, outputs(path, format))).rejects.toMatchObject({
    code: 'OUTPUT_UNUSABLE',
  });
});

test('values are the scalars of a JSON file', async () => {
  const { returned } = await shell(`echo '{"rows":3,"label":"x","ok":true,"none":null}' > v.json`, {
    values: 'v.json',
  });
  expect(returned.values).toEqual({ rows: 3, label: 'x', ok: true, none: null });
});

test.each([
  ['OUTPUT_MISSING', 'true'],
  ['OUTPUT_UNUSABLE', 'echo nonsense > v.json'],
  ['OUTPUT_UNUSABLE', 'echo "[1]" > v.json'],
  ['OUTPUT_UNUSABLE', `echo '{"a":{"b":1}}' > v.json`],
  [
    'OUTPUT_TOO_LARGE',
    `node -e 'console.log(JSON.stringify(Object.fromEntries([...Array(17)].map((_,i)=>["v"+i,i]))))' > v.json`,
  ],
  ['OUTPUT_TOO_LARGE', 'head -c 100000 /dev/zero > v.json'],
  ['SECRET_NOT_ALLOWED', `echo "{\\"a\\":\\"$KEY\\"}" > v.json`],
])('values are refused as %s after `%s`', async (code, script) => {
  const work = shell(
    script,
    { values: 'v.json', env: { KEY: 'hunter2-hunter2' } },
    { secrets: ['hunter2-hunter2'] },
  );
  await expect(work).rejects.toMatchObject({ code });
});

test('a CSV that a command wrote is a table beside the text, read with the options of the output', async () => {
  const { returned } = await shell("printf 'id;v\\n1;2,50\\n' > a.csv", {
    outputs: { table: { path: 'a.csv', decimal: ',', columns: { id: 'INTEGER' } } },
  });
  const columns = [
    { name: 'id', type: 'INTEGER' },
    { name: 'v', type: 'DECIMAL(18,2)' },
  ];
  expect(returned.outputs).toMatchObject({
    table: { format: 'csv', rows: 1, columns },
    'table.parquet': { format: 'parquet', rows: 1, columns },
  });
});

test('a Parquet file that a command wrote is read through, and a damaged one fails the command', async () => {
  const path = (name: string): string =>
    fileURLToPath(new URL(`../../fixtures/parquet-testing/${name}.parquet`, import.meta.url));
  const copy = (name: string) => shell(`cat '${path(name)}' > a.parquet`, outputs('a.parquet'));
  const { returned } = await copy('rle-dict-snappy-checksum');
  expect(returned.outputs).toMatchObject({ table: { rows: 1000, columns: expect.any(Array) } });
  await expect(copy('rle-dict-uncompressed-corrupt-checksum')).rejects.toMatchObject({
    code: 'BAD_INPUT_DATA',
    message: expect.stringContaining('does not fit its checksum'),
  });
  await expect(shell('echo no > a.parquet', outputs('a.parquet'))).rejects.toMatchObject({
    code: 'BAD_INPUT_DATA',
  });
});

test('a text that is no table fails the command that wrote it, unless it is to be none', async () => {
  const script = "printf 'a,b\\n1,2,3\\n' > a.csv";
  await expect(shell(script, outputs('a.csv'))).rejects.toMatchObject({
    code: 'BAD_INPUT_DATA',
    message: expect.stringMatching(
      /^the output 'table' is no table: a\.csv:2: 3 fields .* give `format: file`$/,
    ),
  });
  const { returned } = await shell(script, outputs('a.csv', 'file'));
  expect(Object.keys(returned.outputs ?? {})).toEqual(['table']);
});
