/** Reads a definition file as the text it is: UTF-8 to the last byte, of a size that can be checked at once. */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

import type { DefinitionFile } from '../../definition/source.ts';

/** Above this no plan of it could be run, and checking it would keep people waiting. */
const MAX_BYTES = 2_500_000;

/** The file, which may say why it cannot be read; undefined where there is none. `shown` is its path in messages. */
export async function readDefinitionFile(
  path: string,
  shown: string,
): Promise<DefinitionFile | undefined> {
  try {
    if ((await stat(path)).isDirectory()) return undefined;
    return decodeDefinition(shown, await bytesOf(path));
  } catch (error) {
    return unreadableFile(shown, error);
  }
}

/** A file that says why it cannot be read; undefined where there is none. */
export function unreadableFile(shown: string, error: unknown): DefinitionFile | undefined {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  return refused(shown, '', {
    code: 'FILE_NOT_FOUND',
    message: `the file cannot be read (${code})`,
  });
}

async function bytesOf(path: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of createReadStream(path, { end: MAX_BYTES })) {
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
}

/** The file that these bytes are, or why they are none that can be checked. */
export function decodeDefinition(shown: string, bytes: Buffer): DefinitionFile {
  if (bytes.length > MAX_BYTES) {
    return refused(shown, '', {
      code: 'BAD_YAML',
      message: `the file is larger than ${MAX_BYTES / 1_000_000} MB, and no run can carry a plan of more than 1.8 MB`,
      hint: 'Put data into a file of its own and read it with collect.files.',
    });
  }
  const text = bytes.toString('utf8');
  const bad = firstBadByte(bytes, text);
  if (bad === undefined) return { path: shown, text };
  const before = bytes.subarray(0, bad).toString('utf8');
  const line = before.split('\n').length;
  const column = before.length - before.lastIndexOf('\n');
  const byte = `0x${bytes[bad]!.toString(16).toUpperCase().padStart(2, '0')}`;
  return refused(
    shown,
    text,
    {
      code: 'BAD_YAML',
      message: `the file is not UTF-8: byte ${bad + 1} (${byte}) is no part of a letter`,
      hint: 'Save the file as UTF-8 in your editor.',
    },
    { line, column },
  );
}

/** Offset of the first byte that is not UTF-8. */
function firstBadByte(bytes: Buffer, text: string): number | undefined {
  const written = Buffer.from(text);
  if (written.equals(bytes)) return undefined;
  let at = 0;
  while (written[at] === bytes[at]) at += 1;
  // What replaces a bad byte may begin as the bad byte does: step back to the start of the letter.
  while (at > 0 && (written[at]! & 0xc0) === 0x80) at -= 1;
  return at;
}

/** A file that is not read, and why. */
export function refused(
  path: string,
  text: string,
  problem: Pick<NonNullable<DefinitionFile['unreadable']>, 'code' | 'message' | 'hint'>,
  { line, column } = { line: 1, column: 1 },
): DefinitionFile {
  return { path, text, unreadable: { file: path, line, column, ...problem } };
}
