/** Makes one file name out of any text. Different texts give different names. */

import { createHash } from 'node:crypto';

const MAX_LENGTH = 150;

/** A file name without separators, never hidden, never `.` or `..`, at most 150 characters. */
export function safeName(text: string): string {
  const encoded = encodeURIComponent(text).replace(/^\./, '%2E').replaceAll('*', '%2A');
  if (encoded !== '' && encoded.length <= MAX_LENGTH) return encoded;
  const hash = createHash('sha256').update(text).digest('hex');
  // '%-' ends no encoded text, so a shortened name never meets a whole one.
  return `${encoded.slice(0, MAX_LENGTH - 66)}%-${hash}`;
}
