/** Finds what a command was to write, and refuses what is not in its folder or is not what it claims. */

import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

import { MAX_VALUES } from '../../model/step-result.ts';
import { inexactNumber } from './exact-values.ts';
import { StepError } from '../../model/step-error.ts';

import type { Scalar } from '../../model/plan.ts';
import type { Format } from '../../model/step-result.ts';
import type { StepOutput } from '../contract.ts';
import type { TableOptions } from '../reading-options.ts';

export type DeclaredOutput = TableOptions & {
  readonly path: string;
  readonly format?: Format | undefined;
};

const MOST_NAMED = 20;
const LARGEST_VALUES_BYTES = 64 * 1024;

/** Format of a file by its extension; what is not a table is a `file`. */
export function formatOf(path: string): Format {
  switch (extname(path).toLowerCase()) {
    case '.parquet':
      return 'parquet';
    case '.csv':
      return 'csv';
    case '.json':
      return 'json';
    case '.jsonl':
    case '.ndjson':
      return 'jsonl';
    default:
      return 'file';
  }
}

/** The declared outputs. `given` are names in the folder that the command did not make. */
export async function collectOutputs(
  declared: Readonly<Record<string, DeclaredOutput>>,
  folder: string,
  given: readonly string[],
): Promise<Readonly<Record<string, StepOutput>>> {
  const outputs: Record<string, StepOutput> = {};
  for (const [name, { path, format }] of Object.entries(declared)) {
    const found = await locate(path, `its output '${name}'`, folder, given);
    const isFolder = (await stat(found)).isDirectory();
    if (format !== undefined && isFolder !== (format === 'tree')) {
      throw new StepError(
        'OUTPUT_UNUSABLE',
        `the output '${name}' is declared as ${format}, but ${path} is a ${isFolder ? 'folder; its format is tree' : 'file'}`,
      );
    }
    if (isFolder) await mustHoldFilesOnly(found, path);
    outputs[name] = { path: found, format: format ?? (isFolder ? 'tree' : formatOf(path)) };
  }
  return outputs;
}

/** The scalars of the JSON file at `path`. @throws StepError OUTPUT_MISSING, OUTPUT_UNUSABLE, OUTPUT_TOO_LARGE */
export async function collectValues(
  path: string,
  folder: string,
  given: readonly string[],
): Promise<Readonly<Record<string, Scalar>>> {
  const found = await locate(path, 'its values', folder, given);
  const info = await stat(found);
  if (info.size > LARGEST_VALUES_BYTES) {
    throw new StepError(
      'OUTPUT_TOO_LARGE',
      `${path} has ${info.size} bytes; values are a few scalars, data belongs into an output`,
    );
  }
  const text = info.isFile() ? await readFile(found, 'utf8') : '';
  const parsed = parse(text, path);
  const entries = isMapping(parsed) ? Object.entries(parsed) : undefined;
  const wrong = entries?.find(
    ([name, value]) => !/^[a-z]\w{0,62}$/i.test(name) || !isScalar(value),
  );
  if (entries === undefined || wrong !== undefined) {
    throw new StepError(
      'OUTPUT_UNUSABLE',
      `${path} must hold one mapping of names to texts, numbers, true, false or null${wrong === undefined ? '' : `; '${wrong[0]}' is none`}`,
    );
  }
  if (entries.length > MAX_VALUES) {
    throw new StepError(
      'OUTPUT_TOO_LARGE',
      `${path} holds ${entries.length} values; at most ${MAX_VALUES} are allowed`,
    );
  }
  return Object.fromEntries(
    entries.filter((entry): entry is [string, Scalar] => isScalar(entry[1])),
  );
}

/** Real path of what was written, links resolved. */
async function locate(
  path: string,
  what: string,
  folder: string,
  given: readonly string[],
): Promise<string> {
  const home = await realpath(folder);
  const found = await realpath(join(home, path)).catch(() => undefined);
  if (found === undefined) {
    const written = await writtenFiles(home, given);
    throw new StepError(
      'OUTPUT_MISSING',
      `the command did not write ${path}, ${what}; it wrote ${written.length === 0 ? 'nothing' : written.join(', ')}`,
    );
  }
  const inside = relative(home, found);
  if (inside === '' || inside.startsWith(`..${sep}`) || inside === '..') {
    throw new StepError('OUTPUT_UNUSABLE', `${path}, ${what}, leads out of the working folder`);
  }
  const info = await lstat(found);
  if (!info.isFile() && !info.isDirectory()) {
    throw new StepError('OUTPUT_UNUSABLE', `${path}, ${what}, is neither a file nor a folder`);
  }
  return found;
}

async function mustHoldFilesOnly(folder: string, shown: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const name = join(shown, entry.name);
    if (entry.isDirectory()) await mustHoldFilesOnly(join(folder, entry.name), name);
    else if (!entry.isFile()) {
      throw new StepError('OUTPUT_UNUSABLE', `${name} is a link or a device; only files are kept`);
    }
  }
}

async function writtenFiles(folder: string, given: readonly string[]): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((name) => !given.includes(name.split(sep)[0] ?? ''))
    .toSorted();
  const more = files.length - MOST_NAMED;
  return more > 0 ? [...files.slice(0, MOST_NAMED), `and ${more} more files`] : files;
}

function parse(text: string, path: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    const lost = inexactNumber(text);
    if (lost === undefined) return value;
    throw new StepError(
      'OUTPUT_UNUSABLE',
      `${path} holds ${lost.slice(0, 40)}, a number that cannot be kept exactly; write it as text`,
    );
  } catch (error) {
    if (error instanceof StepError) throw error;
    throw new StepError('OUTPUT_UNUSABLE', `${path} is not JSON: ${String(error)}`, {
      cause: error,
    });
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
