/** What the runner needs of tables to do a step for each item: rows that are items, and one table of those of all items. */

import { twinOf } from '../inputs.ts';
import { ENGINE_VERSION } from '../session.ts';
import { gatherTables } from './gather-tables.ts';
import { itemRows } from './item-rows.ts';

import type { ArtifactRef } from '../../model/step-result.ts';

/** Which output of an item is the table behind `output`: itself, its twin, or none that has rows. */
export type TableBehind =
  | { readonly name: string; readonly ref: ArtifactRef }
  /** A text that is empty, and so no table. */
  | 'empty'
  | undefined;

export type ItemTables = typeof itemTables;

export const itemTables = Object.freeze({
  /** Part of the fingerprint of what is put together. */
  version: ENGINE_VERSION,
  rows: itemRows,
  gather: gatherTables,
  /** Undefined: it is a file or a folder. */
  tableBehind: (output: string, outputs: Readonly<Record<string, ArtifactRef>>): TableBehind => {
    const twin = twinOf(output);
    const name = outputs[twin] === undefined ? output : twin;
    const ref = outputs[name];
    if (ref === undefined || ref.format === 'file' || ref.format === 'tree') return undefined;
    return ref.format === 'parquet' ? { name, ref } : 'empty';
  },
});
