/** Bytes of an encoding to text, strictly: what no letter is, is an error, never another letter. Pure. */

import { singleByteDecoder } from './single-byte.ts';

export type Decoder = { decode(bytes?: Uint8Array, options?: { stream: boolean }): string };

/** Encodings of several bytes a letter, in whose text a control character or one without a meaning stands for bytes that are none of theirs. */
const HAVE_NO_PRIVATE = new Set(['shift_jis', 'euc-jp', 'euc-kr', 'big5']);
const PRIVATE = /[\u0080-\u009f\ue000-\uf8ff]/;

/** A decoder for a file that begins with these bytes; undefined: it cannot be told which UTF-16 it is. */
export function decoderOf(encoding: string, first: Uint8Array): Decoder | undefined {
  const single = singleByteDecoder(encoding);
  if (single !== undefined) return single;
  if (encoding === 'utf-16') {
    if (isBom16(first, 0xff, 0xfe)) return new TextDecoder('utf-16le', { fatal: true });
    if (isBom16(first, 0xfe, 0xff)) return new TextDecoder('utf-16be', { fatal: true });
    return undefined;
  }
  const decoder = new TextDecoder(encoding, { fatal: true });
  if (!HAVE_NO_PRIVATE.has(encoding)) return decoder;
  return {
    decode: (bytes, options) => {
      const text = decoder.decode(bytes, options);
      if (PRIVATE.test(text)) throw new Error('a character without a meaning');
      return text;
    },
  };
}

export function isBom16(bytes: Uint8Array, first: number, second: number): boolean {
  return bytes[0] === first && bytes[1] === second;
}

/** The text of some more bytes, without any the end of the text; undefined: they are none in this encoding. */
export function textIn(decoder: Decoder, bytes?: Uint8Array): string | undefined {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}
