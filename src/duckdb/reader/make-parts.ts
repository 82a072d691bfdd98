/** Makes each outside file ready for the engine, by its format. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { StepError } from '../../model/step-error.ts';
import { badFile } from './bad-line.ts';
import { alignedNames, keyOf } from './names.ts';
import { csvPart, noNames } from './csv-part.ts';
import { jsonPart } from './json-part.ts';
import { KIND } from './part.ts';
import { mustBeWhole } from './unpack.ts';

import type { StagedFile } from '../../model/attempt-inputs.ts';
import type { Part } from './part.ts';
import type { Reading } from './reading.ts';

const TEXT_FORMATS = ['csv', 'json', 'jsonl'] as const;
export type TextFormat = (typeof TEXT_FORMATS)[number];

export type GivenFile = { readonly file: StagedFile; readonly format: TextFormat };

/**
 * The parts in the order of the files. A file without a line has no vote on columns and types; it is told by `log`.
 * @throws StepError BAD_INPUT_DATA, also where no file has a line
 */
export async function makeParts(
  files: readonly GivenFile[],
  reading: Reading,
  folder: string,
  { log, onProgress }: { log(line: string): void; onProgress(): void },
): Promise<readonly Part[]> {
  const scratch = join(folder, 'texts');
  await mkdir(scratch, { recursive: true });
  const parts: Made[] = [];
  for (const [n, { file, format }] of files.entries()) {
    const text = join(scratch, `${n}.csv`);
    const make = (nested?: ReadonlySet<string>): Promise<Part | undefined> =>
      format === 'csv'
        ? csvPart(file, reading, text, onProgress)
        : jsonPart(file, format, reading, text, onProgress, nested);
    const part = await make().catch(async (error: unknown) => {
      // Of a packed file it may be the packing that is damaged; then that is what is wrong.
      if (error instanceof StepError) await mustBeWhole({ path: file.path, name: file.original });
      throw error;
    });
    if (part === undefined) log(`${file.original} is empty; it is left out`);
    else parts.push({ part, make });
  }
  const [first] = files;
  if (parts.length > 0) return aligned(await nestedAlike(parts));
  if (first !== undefined) {
    if (first.format === 'csv') throw noNames(first.file);
    throw badFile(first.file.original, 'it holds no record, so it has no columns');
  }
  throw new StepError('BAD_INPUT_DATA', 'there is no file to read');
}

type Made = {
  readonly part: Part;
  readonly make: (nested: ReadonlySet<string>) => Promise<Part | undefined>;
};

/** What is one column has one name in all files. */
function aligned(parts: readonly Part[]): readonly Part[] {
  const names = alignedNames(parts.map(({ given }) => given));
  return parts.map((part, i) => ({ ...part, names: names[i]! }));
}

/** Where one file has nested values in a column and another strings, those keep their quotes as they do within one file. */
async function nestedAlike(made: readonly Made[]): Promise<readonly Part[]> {
  const nested = new Set(
    made.flatMap(({ part: { kinds = [], given } }) =>
      given.filter((_, i) => ((kinds[i] ?? 0) & KIND.nested) !== 0).map(keyOf),
    ),
  );
  const parts: Part[] = [];
  for (const { part, make } of made) {
    const { kinds = [], given } = part;
    const isOther = given.some(
      (name, i) => nested.has(keyOf(name)) && ((kinds[i] ?? 0) & KIND.string) !== 0,
    );
    parts.push(isOther ? ((await make(nested)) ?? part) : part);
  }
  return parts;
}
