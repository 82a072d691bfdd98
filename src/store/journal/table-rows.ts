/** Reads all states of a table, one after another. */

import type { Table } from './table.ts';

/** What one state needs in a table. */
export type Row = { readonly key: Buffer; readonly crc: string; readonly bytes: Buffer };

/** Index entries, and bytes of states, that are read at once. */
const ENTRIES_AT_ONCE = 4096;
const BYTES_AT_ONCE = 1024 * 1024;

/** The states of a table lie in the order of its index, so a few large reads bring them all. */
export function* rowsOf(
  table: Pick<Table<unknown, unknown>, 'count' | 'entries' | 'bytes'>,
): Generator<Row> {
  let window: Buffer = Buffer.alloc(0);
  let windowAt = 0;
  for (let from = 0; from < table.count; from += ENTRIES_AT_ONCE) {
    for (const { key, offset, length, crc } of table.entries(from, ENTRIES_AT_ONCE)) {
      if (offset + length > windowAt + window.length) {
        window = table.bytes(offset, Math.max(length, BYTES_AT_ONCE));
        windowAt = offset;
      }
      // Copied: the window goes on.
      const bytes = Buffer.from(window.subarray(offset - windowAt, offset - windowAt + length));
      yield { key, crc, bytes };
    }
  }
}

/** The subject and the state that a row holds. */
export function stateIn({ bytes }: Row): readonly [subject: string, state: unknown] {
  return JSON.parse(bytes.toString('utf8')) as [string, unknown];
}
