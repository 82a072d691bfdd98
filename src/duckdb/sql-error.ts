/** Translates what DuckDB says into an error people can act on: place in the query, what was meant, what to do. Pure. */

import { StepError } from '../model/step-error.ts';

type Told = {
  readonly exception_type?: string;
  readonly exception_message?: string;
  readonly position?: string;
  readonly candidates?: string;
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
  const place =
    told.position === undefined
      ? ''
      : placeOf(text, Number(told.position) - Buffer.byteLength(before));
  const hint =
    told.candidates === undefined || said.includes('Did you mean') || said.includes('Candidate')
      ? ''
      : `. Did you mean ${told.candidates}?`;
  return new StepError('SQL_ERROR', `${place}${firstLine(said)}${hint}`, { cause: error });
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

/** `line 3, column 8: ` of a UTF-8 byte offset. */
export function placeOf(text: string, byteOffset: number): string {
  const before = Buffer.from(text).subarray(0, byteOffset).toString();
  const line = before.split('\n').length;
  const column = before.length - before.lastIndexOf('\n');
  return `line ${line}, column ${column}: `;
}

function firstLine(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^LINE \d|^\s*\^/.test(line));
  return lines.slice(0, 4).join(' ').trim();
}
