/** A small CSV reader of the tests' own, so that the example's answers do not depend on the engine under test. */

import { readFile } from 'node:fs/promises';

export type Row = Readonly<Record<string, string>>;

/** Rows of a CSV with a header. Quoted fields may hold commas and doubled quotes, not line breaks. */
export async function readCsv(path: string): Promise<readonly Row[]> {
  const [header = '', ...lines] = (await readFile(path, 'utf8')).trim().split(/\r?\n/);
  const names = fields(header);
  return lines.map((line) => {
    const values = fields(line);
    return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']));
  });
}

function fields(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}
