/** A picture made small enough to lie in a repository: a palette is all that panels need. */

import UPNG from 'upng-js';

const COLOURS = 256;

/** The same picture in few colours. */
export function smallPng(png: Buffer): Buffer {
  const picture = UPNG.decode(new Uint8Array(png).buffer);
  const { width, height } = picture;
  return Buffer.from(UPNG.encode(UPNG.toRGBA8(picture), width, height, COLOURS));
}
