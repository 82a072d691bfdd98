/** Texts that must fit: measured in bytes of UTF-8, cut in the middle, never inside a character. Pure. */

/** Bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (isPairAt(text, i)) {
      bytes += 4;
      i += 1;
    } else bytes += 3;
  }
  return bytes;
}

const GAP = ' ... ';

/**
 * The text itself if it has at most so many bytes; else its beginning, which says what it is about, and
 * its end, which mostly says why. `maxBytes` is at least 20.
 */
export function boundText(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || bytesOf(text) <= maxBytes) return text;
  const room = maxBytes - GAP.length;
  const head = firstBytes(text, Math.floor(room / 3));
  return `${head}${GAP}${lastBytes(text, room - bytesOf(head))}`;
}

function firstBytes(text: string, most: number): string {
  let bytes = 0;
  let end = 0;
  while (end < text.length) {
    const length = isPairAt(text, end) ? 2 : 1;
    bytes += bytesOf(text.slice(end, end + length));
    if (bytes > most) break;
    end += length;
  }
  return text.slice(0, end);
}

/** The end of a text, at most so many bytes of it. */
export function lastBytes(text: string, most: number): string {
  let bytes = 0;
  let start = text.length;
  while (start > 0) {
    const length = isPairAt(text, start - 2) ? 2 : 1;
    bytes += bytesOf(text.slice(start - length, start));
    if (bytes > most) break;
    start -= length;
  }
  return text.slice(start);
}

function isPairAt(text: string, i: number): boolean {
  const [high, low] = [text.charCodeAt(i), text.charCodeAt(i + 1)];
  return high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000;
}
