/** Translates what DuckDB says into an error people can act on: place in the query, what was meant, what to do. Pure. */

import { StepError } from '../model/step-error.ts';
import { byteOf, QueryError } from './query-error.ts';

type Told = {
  readonly exception_type?: string;
  readonly exception_message?: string;
  readonly position?: string;
  readonly candidates?: string;
  readonly error_subtype?: string;
  readonly name?: string;
  readonly type?: string;
};

/** The error of a failed query. `text` is the query, for the line and column; `before` stood in front of it. */
export function errorOf(error: unknown, text: string, before = ''): Error {
  const { said, told } = read(error);
  if (isOutOfSpace(said, told)) {
    return new StepError(
      'OUT_OF_SPACE',
      `${firstLine(said)}; free disk space, or give the step more memory by a lower concurrency`,
      { cause: error },
    );
  }
  if (/IO Error|HTTP Error/i.test(told.exception_type ?? '') || told.exception_type === 'IO') {
    return new Error(firstLine(said), { cause: error });
  }
  const byte = byteOf(told.position);
  const isTold =
    told.candidates === undefined || said.includes('Did you mean') || said.includes('Candidate');
  return new QueryError('SQL_ERROR', firstLine(said), {
    text,
    byte: byte === undefined ? undefined : Math.max(0, byte - Buffer.byteLength(before)),
    missingColumn: missingColumn(said, told),
    isUnknownFunction:
      told.error_subtype === 'MISSING_ENTRY' && / Function$/i.test(told.type ?? ''),
    meant: isTold ? undefined : `Did you mean ${told.candidates}?`,
    cause: error,
  });
}

/** Ways in which the engine says that there is no such column without a code for it. */
const NO_COLUMN = Object.freeze([
  /^Column "(.+)" referenced that exists in the SELECT clause/,
  /^Table ".+" does not have a column named "(.+)"/,
  /^Column "(.+)" does not exist on (?:left|right) side of join/,
  /^Column "(.+)" in (?:EXCLUDE|REPLACE|RENAME) list not found/,
  /^Referenced column (.+) not found in FROM clause and/,
  /^column (.+) must appear in the GROUP BY clause/,
]);

function missingColumn(said: string, { error_subtype: subtype, name }: Told): string | undefined {
  if (subtype === 'COLUMN_NOT_FOUND' && name !== undefined) return name;
  for (const way of NO_COLUMN) {
    const found = way.exec(said)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** True if the engine had no room, could not or may not use a file, or has broken: it may be otherwise in another. */
export function isTroubleOfEngine(error: unknown): boolean {
  const { said, told } = read(error);
  return (
    isOutOfSpace(said, told) ||
    /^(IO|IO Error|Permission)$/i.test(told.exception_type ?? '') ||
    isTroubleOfInstance(error)
  );
}

/** True if no later query of this instance can be trusted to run. */
export function isTroubleOfInstance(error: unknown): boolean {
  const { said, told } = read(error);
  return (
    /^(FATAL|INTERNAL)/i.test(told.exception_type ?? '') ||
    /database has been invalidated|^(FATAL|INTERNAL) Error/i.test(said)
  );
}

function read(error: unknown): { readonly said: string; readonly told: Told } {
  const message = (error as { message?: string }).message ?? String(error);
  const told = parseTold(message);
  return { said: told.exception_message ?? message, told };
}

function isOutOfSpace(said: string, told: Told): boolean {
  return (
    /no space left|failed to offload|out of memory/i.test(said) ||
    told.exception_type === 'Out of Memory'
  );
}

function parseTold(message: string): Told {
  const start = message.indexOf('{');
  if (start < 0) return {};
  try {
    return JSON.parse(message.slice(start)) as Told;
  } catch {
    return {};
  }
}

function firstLine(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^LINE \d|^\s*\^/.test(line));
  return lines.slice(0, 4).join(' ').trim();
}
