/** Columns whose values come from where a file lies: its name, and folders named `key=value`. Pure. */

import { StepError } from '../../model/step-error.ts';
import { badFile } from './bad-line.ts';
import { keyOf } from './names.ts';

import type { StagedFile } from '../../model/attempt-inputs.ts';
import type { FileColumn } from './table-sql.ts';

export type FileColumnOptions = {
  /** Name of a column for the file's base name, or for its path below the start of the pattern. */
  readonly filename_column?: string | { readonly name: string; readonly path?: boolean };
  readonly hive?: boolean;
};

/** What hive writes for NULL. */
const HIVE_NULL = '__HIVE_DEFAULT_PARTITION__';

/** The columns for these files, in the order in which they are first met. */
export function fileColumnsOf(
  files: readonly StagedFile[],
  { filename_column: named, hive = false }: FileColumnOptions,
): readonly FileColumn[] {
  const columns: FileColumn[] = [];
  if (hive) {
    const keys = files.map((file) => keysOf(placeOf(file)));
    for (const name of new Set(keys.flatMap((each) => [...each.keys()]))) {
      columns.push({ name, isText: false, values: keys.map((each) => each.get(name) ?? null) });
    }
  }
  if (named !== undefined) {
    const { name, path = false } = typeof named === 'string' ? { name: named } : named;
    const values = files.map((file) => (path ? placeOf(file) : baseName(file)));
    columns.push({ name, isText: true, values });
  }
  return columns;
}

/** No column of a file is hidden by one of these. @throws StepError BAD_OPTION */
export function mustNotClash(
  fileColumns: readonly FileColumn[],
  columns: readonly { readonly name: string }[],
): void {
  const taken = new Set(columns.map(({ name }) => keyOf(name)));
  for (const { name } of fileColumns) {
    if (taken.has(keyOf(name))) {
      throw new StepError(
        'BAD_OPTION',
        `the column '${name}' that names files or folders is in the files as well; give it another name`,
      );
    }
    taken.add(keyOf(name));
  }
}

function keysOf(place: string): ReadonlyMap<string, string | null> {
  const folders = place.split('/').slice(0, -1);
  const found = new Map<string, string | null>();
  for (const folder of folders) {
    const [, key, value] = /^([^=]+)=(.*)$/.exec(folder) ?? [];
    if (key === undefined || value === undefined) continue;
    const name = decoded(key);
    if (found.has(name)) throw badFile(place, `two folders above it give a value to '${name}'`);
    found.set(name, value === HIVE_NULL ? null : decoded(value));
  }
  return found;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function placeOf(file: StagedFile): string {
  return file.below ?? baseName(file);
}

function baseName({ original }: StagedFile): string {
  return original.split('/').at(-1) ?? original;
}
