/**
 * The list of a step's items as it lies in the store: one file in which any item is found without reading the others.
 *
 * First the length of the head, then the head (JSON), then where each item ends, then the items (JSON).
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Column } from '../model/column.ts';
import type { ItemList } from '../model/step-result.ts';
import type { ListedItem } from '../model/listed-item.ts';
import type { Store } from '../store/store.ts';

/** The columns that items have in the result of their step. */
type Head = { readonly columns: readonly Column[] };

/** Digits of a length, with the end of the line behind them. */
const CELL = 13;

/** Puts the list into the store. */
export async function putItems(
  items: readonly ListedItem[],
  head: Head,
  folder: string,
  store: Pick<Store, 'put'>,
): Promise<ItemList> {
  const texts = items.map((item) => Buffer.from(`${JSON.stringify(item)}\n`));
  const start = Buffer.from(`${JSON.stringify(head)}\n`);
  let end = 0;
  const ends = texts.map(({ length }) => cell((end += length)));
  const path = join(folder, 'items');
  await writeFile(
    path,
    Buffer.concat([Buffer.from(cell(start.length)), start, Buffer.from(ends.join('')), ...texts]),
  );
  return { ref: await store.put(path, { format: 'file' }), count: items.length };
}

/** One item of the list. */
export async function readItem(
  { ref, count }: ItemList,
  index: number,
  store: Pick<Store, 'materialize'>,
): Promise<ListedItem> {
  if (index < 0 || index >= count) throw new Error(`the list has no item ${index}`);
  return reading({ ref }, store, (file) => {
    const ends = CELL + Number(read(file, 0, CELL));
    const from = index === 0 ? 0 : Number(read(file, ends + (index - 1) * CELL, CELL));
    const to = Number(read(file, ends + index * CELL, CELL));
    return JSON.parse(read(file, ends + count * CELL + from, to - from)) as ListedItem;
  });
}

/** All of it, in pieces of so many items. */
export async function readItems(
  { ref, count }: ItemList,
  store: Pick<Store, 'materialize'>,
): Promise<Head & { readonly items: readonly ListedItem[] }> {
  return reading({ ref }, store, (file) => {
    const length = Number(read(file, 0, CELL));
    const head = JSON.parse(read(file, CELL, length)) as Head;
    const from = CELL + length + count * CELL;
    const { size } = fstatSync(file);
    const lines = read(file, from, size - from)
      .split('\n')
      .slice(0, count);
    return { ...head, items: lines.map((line) => JSON.parse(line) as ListedItem) };
  });
}

function cell(length: number): string {
  return `${String(length).padStart(CELL - 1, '0')}\n`;
}

/** A few small reads, at once: to wait for each of them would cost more than a small item. */
async function reading<T>(
  { ref }: Pick<ItemList, 'ref'>,
  store: Pick<Store, 'materialize'>,
  work: (file: number) => T,
): Promise<T> {
  const file = openSync(await store.materialize(ref), 'r');
  try {
    return work(file);
  } finally {
    closeSync(file);
  }
}

function read(file: number, from: number, length: number): string {
  const buffer = Buffer.alloc(length);
  if (readSync(file, buffer, 0, length, from) !== length) {
    throw new Error('the stored list of items is damaged');
  }
  return buffer.toString('utf8');
}
