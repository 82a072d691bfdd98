/**
 * An outside file as UTF-8 text in chunks, whatever it is packed and written in.
 *
 * 1. Every chunk is valid UTF-8 and ends between two characters; no NUL, no byte order mark.
 * 2. It ends without an error only if the file was whole: packed to its last byte, no letter cut.
 * 3. A chunk lives until the next is asked for: the file is read through few buffers.
 */

import { isUtf8 } from 'node:buffer';

import { piecesOf } from '../../os/pieces.ts';
import { badFile, badLine } from './bad-line.ts';
import { decoderOf, isBom16, textIn } from './decoders.ts';
import { unpacked } from './unpack.ts';

import type { Decoder } from './decoders.ts';
import type { TextFile, TextFacts } from './text-file.ts';

const NEWLINE = 10;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** The chunks. `facts` is filled in while they are read, and complete with the last. @throws StepError BAD_INPUT_DATA */
export async function* textOf(
  file: TextFile,
  encoding: string,
  facts: TextFacts = { isAsItLies: true },
): AsyncGenerator<Buffer, void, undefined> {
  const pieces = piecesOf(file.path);
  try {
    const plain = unpacked(file, pieces, facts);
    const checked =
      encoding === 'utf-8' ? utf8(file, plain, facts) : transcoded(file, plain, encoding, facts);
    let given = 0;
    for await (const chunk of checked) {
      const nul = chunk.indexOf(0);
      if (nul >= 0) {
        throw badLine(file.name, await lineAt(file, encoding, given + nul), 'a NUL byte', {
          help: 'the file is damaged, or in another encoding (option `encoding`, such as utf-16)',
        });
      }
      if (chunk.length > 0) yield chunk;
      given += chunk.length;
    }
  } finally {
    await pieces.return();
  }
}

/** The line in which a byte of the text stands. Reads again: only a fault asks for it, so that no other file pays. */
async function lineAt(file: TextFile, encoding: string, offset: number): Promise<number> {
  const facts = { isAsItLies: true };
  const pieces = piecesOf(file.path);
  const plain = unpacked(file, pieces, facts);
  const text = encoding === 'utf-8' ? plain : transcoded(file, plain, encoding, facts);
  let lines = 1;
  let left = offset;
  try {
    for await (const chunk of text) {
      lines += newlines(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) break;
    }
    return lines;
  } finally {
    await pieces.return();
  }
}

async function* utf8(
  file: TextFile,
  chunks: AsyncIterable<Buffer>,
  facts: TextFacts,
): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let isFirst = true;
  let given = 0;
  for await (const chunk of chunks) {
    let joined = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (isFirst && joined.length < BOM.length) {
      rest = Buffer.from(joined);
      continue;
    }
    if (isFirst && joined.subarray(0, BOM.length).equals(BOM)) {
      joined = joined.subarray(BOM.length);
      facts.isAsItLies = false;
    }
    isFirst = false;
    const whole = joined.length - cutLetter(joined);
    const text = joined.subarray(0, whole);
    if (!isUtf8(text)) throw notUtf8(file, text, await lineAt(file, 'utf-8', given));
    rest = Buffer.from(joined.subarray(whole));
    yield text;
    given += text.length;
  }
  if (rest.length === 0) return;
  if (!isUtf8(rest)) throw notUtf8(file, rest, await lineAt(file, 'utf-8', given));
  yield rest;
}

/** Length of a letter that the end of these bytes cuts, 0 where none is cut. */
function cutLetter(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

/** `first` is the line in which these bytes begin. */
function notUtf8(file: TextFile, bytes: Buffer, first: number): Error {
  if (first === 1 && (isBom16(bytes, 0xff, 0xfe) || isBom16(bytes, 0xfe, 0xff))) {
    return badLine(file.name, 1, 'the file is UTF-16', { help: 'give `encoding: utf-16`' });
  }
  let line = first - 1;
  for (let start = 0; start <= bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start);
    const text = bytes.subarray(start, end < 0 ? undefined : end);
    line += 1;
    if (!isUtf8(text) || end < 0) {
      return badLine(file.name, line, 'the line is not UTF-8', {
        text: text.toString('utf8'),
        help: 'give its `encoding`, such as windows-1252 or latin-1',
      });
    }
    start = end + 1;
  }
  return badFile(file.name, 'the file is not UTF-8');
}

async function* transcoded(
  file: TextFile,
  chunks: AsyncIterable<Buffer>,
  encoding: string,
  facts: TextFacts,
): AsyncGenerator<Buffer> {
  facts.isAsItLies = false;
  let decoder: Decoder | undefined;
  let taken = 0;
  for await (const chunk of chunks) {
    decoder ??= decoderFor(file, encoding, chunk);
    const text = textIn(decoder, chunk) ?? (await throwAt(file, encoding, taken));
    yield Buffer.from(text);
    taken += chunk.length;
  }
  if (decoder === undefined) return;
  const end = textIn(decoder) ?? (await throwAt(file, encoding, taken));
  yield Buffer.from(end);
}

function decoderFor(file: TextFile, encoding: string, first: Buffer): Decoder {
  if (!encoding.startsWith('utf') && first.subarray(0, BOM.length).equals(BOM)) {
    throw badLine(file.name, 1, 'the file is UTF-8, as its byte order mark says', {
      help: 'leave `encoding` out',
    });
  }
  const decoder = decoderOf(encoding, first);
  if (decoder !== undefined) return decoder;
  throw badFile(
    file.name,
    'the file has no byte order mark, so it cannot be told which UTF-16 it is',
    'give `encoding: utf-16le` or `utf-16be`',
  );
}

/** The line of a letter that is none, behind this many bytes that are. Reads again, from there byte by byte. */
async function throwAt(file: TextFile, encoding: string, whole: number): Promise<never> {
  const pieces = piecesOf(file.path);
  let decoder: Decoder | undefined;
  let [lines, at] = [1, 0];
  try {
    for await (const chunk of unpacked(file, pieces, { isAsItLies: true })) {
      decoder ??= decoderFor(file, encoding, chunk);
      const step = at + chunk.length <= whole ? chunk.length : 1;
      let end = 0;
      for (let i = 0; i < chunk.length; i = end) {
        end = i + step;
        const text = textIn(decoder, chunk.subarray(i, end));
        if (text === undefined) throw notWrittenIn(file, encoding, lines);
        lines += text.split('\n').length - 1;
      }
      at += chunk.length;
    }
    throw notWrittenIn(file, encoding, lines);
  } finally {
    await pieces.return();
  }
}

function notWrittenIn(file: TextFile, encoding: string, line: number): Error {
  return badLine(file.name, line, `the line is not ${encoding}`, {
    help: 'give the `encoding` it is written in',
  });
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
