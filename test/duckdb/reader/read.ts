/** Reads texts with the one reader and answers what came out: columns with types, and rows as texts that show every value exactly. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { readTexts } from '../../../src/duckdb/reader/read-texts.ts';
import { readingOf } from '../../../src/duckdb/reader/reading.ts';
import { quoteName, withSession } from '../../../src/duckdb/session.ts';

import type { GivenFile } from '../../../src/duckdb/reader/make-parts.ts';
import type { ReadingOptions } from '../../../src/duckdb/reader/reading.ts';

export type Table = {
  readonly types: Readonly<Record<string, string>>;
  readonly rows: readonly (readonly (string | null)[])[];
  readonly log: readonly string[];
};

/** `files`: name to text or bytes; the name's ending tells the format. Runs in a folder of its own. */
export async function readFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: ReadingOptions = {},
  threads = 2,
): Promise<Table> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-reader-'));
  const log: string[] = [];
  try {
    const given: GivenFile[] = [];
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, 'given', name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
      const format = /\.jsonl/.test(name) ? 'jsonl' : /\.json/.test(name) ? 'json' : 'csv';
      given.push({ file: { original: name, path, sha256: '', bytes: content.length }, format });
    }
    const context = {
      folder,
      limits: { memoryBytes: 512 * 1024 * 1024, threads },
      signal: new AbortController().signal,
      inputs: {},
      sources: given.map(({ file }) => file),
    };
    return await withSession(context, async (session) => {
      const target = join(folder, 'table.parquet');
      const table = await readTexts(session, given, readingOf(options), {
        folder,
        target,
        log: (line) => log.push(line),
      });
      const shown = table.columns
        .map(({ name }, i) => `cast(${quoteName(name)} as varchar) as v${i}`)
        .join(', ');
      const rows = await session.rows(`select ${shown} from read_parquet('${target}')`);
      const inFile = await session.columns(`read_parquet('${target}')`);
      if (inFile.some(({ type }, i) => type !== table.columns[i]?.type)) {
        throw new Error(`the file has other types: ${JSON.stringify(inFile)}`);
      }
      return {
        types: Object.fromEntries(table.columns.map(({ name, type }) => [name, type])),
        rows: rows.map((row) => table.columns.map((_, i) => row[`v${i}`] as string | null)),
        log,
      };
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One column's type and values, from a CSV that has these texts below the name `v`, beside a column that is always there. */
export async function readColumn(
  texts: readonly string[],
  options: ReadingOptions = {},
): Promise<{ readonly type: string; readonly values: readonly (string | null)[] }> {
  const csv = ['v,n', ...texts.map((text, n) => `${text},${n}`), ''].join('\n');
  const { types, rows } = await readFiles({ 'a.csv': csv }, options);
  return { type: types['v'] ?? '', values: rows.map(([value]) => value ?? null) };
}
