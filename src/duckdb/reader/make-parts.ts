/** Makes each outside file ready for the engine, by its format. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { StepError } from '../../model/step-error.ts';
import { badFile } from './bad-line.ts';
import { csvPart, noNames } from './csv-part.ts';
import { jsonPart } from './json-part.ts';
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
  const parts: Part[] = [];
  for (const [n, { file, format }] of files.entries()) {
    const text = join(scratch, `${n}.csv`);
    const making =
      format === 'csv'
        ? csvPart(file, reading, text, onProgress)
        : jsonPart(file, format, reading, text, onProgress);
    const part = await making.catch(async (error: unknown) => {
      // Of a packed file it may be the packing that is damaged; then that is what is wrong.
      if (error instanceof StepError) await mustBeWhole({ path: file.path, name: file.original });
      throw error;
    });
    if (part === undefined) log(`${file.original} is empty; it is left out`);
    else parts.push(part);
  }
  const [first] = files;
  if (parts.length > 0) return parts;
  if (first !== undefined) {
    if (first.format === 'csv') throw noNames(first.file);
    throw badFile(first.file.original, 'it holds no record, so it has no columns');
  }
  throw new StepError('BAD_INPUT_DATA', 'there is no file to read');
}
