/** Writes a table: new states over those of older tables, in the order of their keys, in little memory. */

import { open } from 'node:fs/promises';

import { checksum } from './frame.ts';
import { ENTRY_LENGTH, FOOTER_LENGTH, KEY_LENGTH, keyOf, MAGIC } from './table.ts';

import type { FileHandle } from 'node:fs/promises';
import type { Table } from './table.ts';

/** What one state needs in a table. */
type Row = { readonly key: Buffer; readonly crc: string; readonly bytes: Buffer };

/** Index entries, and bytes of states, that are read from a table or written to one at once. */
const ENTRIES_AT_ONCE = 4096;
const BYTES_AT_ONCE = 1024 * 1024;

/**
 * Writes `states` over the states of `older` (oldest first) to a new file, and its bytes to disk. Of one
 * subject the newest counts.
 */
export async function writeTable(
  path: string,
  {
    states,
    older,
    summary,
  }: {
    readonly states: ReadonlyMap<string, unknown>;
    readonly older: readonly Pick<Table<unknown, unknown>, 'count' | 'entries' | 'bytes'>[];
    readonly summary: unknown;
  },
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    const out = makeOutput(file);
    const index: Buffer[] = [];
    for (const row of merged([...older.map(rowsOf), rowsOfStates(states)])) {
      index.push(indexBytes(row, out.position()));
      if (out.add(row.bytes)) await out.flush();
    }
    const indexAt = out.position();
    for (const bytes of index) if (out.add(bytes)) await out.flush();
    const summaryAt = out.position();
    const summaryBytes = Buffer.from(JSON.stringify(summary));
    out.add(summaryBytes);
    out.add(footerBytes({ count: index.length, indexAt, summaryAt, summaryBytes }));
    await out.flush();
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Collects small pieces into large writes. `add` answers true when it is time to flush. */
function makeOutput(file: FileHandle) {
  let pieces: Buffer[] = [];
  let waiting = 0;
  let written = 0;
  return {
    position: () => written + waiting,
    add: (bytes: Buffer): boolean => {
      pieces.push(bytes);
      waiting += bytes.length;
      return waiting >= BYTES_AT_ONCE;
    },
    flush: async (): Promise<void> => {
      const bytes = Buffer.concat(pieces);
      pieces = [];
      waiting = 0;
      written += bytes.length;
      await file.writeFile(bytes);
    },
  };
}

/** Rows of several sources, each in the order of its keys; of equal keys that of the last source. */
function* merged(sources: readonly Iterator<Row>[]): Generator<Row> {
  const heads = sources.map((source) => source.next().value as Row | undefined);
  for (;;) {
    let newest = -1;
    heads.forEach((row, i) => {
      if (row === undefined) return;
      const best = heads[newest]?.key;
      if (best === undefined || row.key.compare(best) <= 0) newest = i;
    });
    const row = heads[newest];
    if (row === undefined) return;
    heads.forEach((other, i) => {
      if (other?.key.equals(row.key) !== true) return;
      heads[i] = sources[i]?.next().value as Row | undefined;
    });
    yield row;
  }
}

function* rowsOfStates(states: ReadonlyMap<string, unknown>): Generator<Row> {
  const subjects = [...states.keys()]
    .map((subject) => ({ subject, key: keyOf(subject) }))
    .sort((a, b) => a.key.compare(b.key));
  for (const { subject, key } of subjects) {
    const bytes = Buffer.from(JSON.stringify([subject, states.get(subject)]));
    yield { key, bytes, crc: checksum(bytes) };
  }
}

/** The states of a table lie in the order of its index, so a few large reads bring them all. */
function* rowsOf(
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

function indexBytes({ key, crc, bytes }: Row, offset: number): Buffer {
  const entry = Buffer.alloc(ENTRY_LENGTH);
  key.copy(entry);
  entry.writeUIntBE(offset, KEY_LENGTH, 6);
  entry.writeUInt32BE(bytes.length, KEY_LENGTH + 6);
  entry.write(crc, KEY_LENGTH + 10, 'latin1');
  return entry;
}

function footerBytes(about: {
  readonly count: number;
  readonly indexAt: number;
  readonly summaryAt: number;
  readonly summaryBytes: Buffer;
}): Buffer {
  const footer = Buffer.alloc(FOOTER_LENGTH);
  const at = footer.write(MAGIC, 'latin1');
  footer.writeUInt32BE(about.count, at);
  footer.writeUIntBE(about.indexAt, at + 4, 6);
  footer.writeUIntBE(about.summaryAt, at + 10, 6);
  footer.writeUInt32BE(about.summaryBytes.length, at + 16);
  footer.write(checksum(about.summaryBytes), at + 20, 'latin1');
  return footer;
}
