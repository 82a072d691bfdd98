/** Puts the tables of a step's items into one, the item's columns first, some at a time so that memory stays flat. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { isRow, itemText } from '../../model/listed-item.ts';
import { StepError } from '../../model/step-error.ts';
import { showInputs } from '../inputs.ts';
import { quoteName, quoteText, withSession } from '../session.ts';
import { writeInOrder } from '../write.ts';

import type { InputArtifact } from '../../model/attempt-inputs.ts';
import type { Column } from '../../model/column.ts';
import type { ListedItem } from '../../model/listed-item.ts';
import type { ArtifactRef } from '../../model/step-result.ts';
import type { Scalar } from '../../model/plan.ts';
import type { SessionContext } from '../session-port.ts';
import type { WrittenTable } from '../write.ts';

/** Tables that are read at once. */
const AT_ONCE = 200;

type Holding = {
  materialize(ref: Pick<ArtifactRef, 'sha256'>): Promise<string>;
  release(): Promise<void>;
};

/** The table of one item. */
export type ItemTable = {
  readonly item: ListedItem;
  readonly ref: ArtifactRef;
  readonly columns: readonly Column[];
};

/** @throws StepError ITEMS_DIFFER */
export async function gatherTables(
  output: string,
  tables: readonly ItemTable[],
  itemColumns: readonly Column[],
  ctx: Omit<SessionContext, 'inputs'> & {
    readonly onProgress: () => void;
    /** Paths that stay until they are released. */
    readonly hold: () => Holding;
  },
): Promise<WrittenTable> {
  mustFit(output, tables, itemColumns);
  const withRows = tables.filter(({ ref }) => ref.rows !== 0);
  const all = withRows.length === 0 ? tables.slice(0, 1) : withRows;
  const folder = join(ctx.folder, 'gathered', output);
  await mkdir(folder, { recursive: true });
  const joined = async (some: readonly ItemTable[], path: string): Promise<WrittenTable> => {
    const { materialize, release } = ctx.hold();
    try {
      const named = await Promise.all(
        some.map(async ({ ref }, n) => {
          const artifact: InputArtifact = { ...ref, path: await materialize(ref) };
          return { name: `i${n}`, artifact };
        }),
      );
      const selects = some.map(({ item }, n) => {
        const own = itemColumns.map((column) => literal(item, column));
        return `select ${[...own, '*'].join(', ')} from ${quoteName(`i${n}`)}`;
      });
      return await united(named, selects, path, ctx);
    } finally {
      await release();
    }
  };
  const parts: WrittenTable[] = [];
  for (let i = 0; i < all.length; i += AT_ONCE) {
    parts.push(await joined(all.slice(i, i + AT_ONCE), join(folder, `${parts.length}.parquet`)));
    ctx.onProgress();
  }
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const pieces = parts.map((part, n) => ({
    name: `p${n}`,
    artifact: { ...part, sha256: '', bytes: 0 } satisfies InputArtifact,
  }));
  const selects = pieces.map(({ name }) => `select * from ${quoteName(name)}`);
  return united(pieces, selects, join(folder, 'table.parquet'), ctx);
}

/** The rows of these tables, one table after the other. */
async function united(
  tables: readonly { readonly name: string; readonly artifact: InputArtifact }[],
  selects: readonly string[],
  path: string,
  ctx: Omit<SessionContext, 'inputs'>,
): Promise<WrittenTable> {
  const inputs = Object.fromEntries(
    tables.map(({ name, artifact }) => [name, { values: {}, outputs: { table: artifact } }]),
  );
  return withSession({ ...ctx, inputs }, async (session) => {
    await showInputs(session, inputs);
    const view = '_gathered';
    await session.run(`create or replace temp view ${view} as ${selects.join(' union all ')}`);
    return writeInOrder(session, view, path);
  });
}

/** All have the columns of the first that has rows, and none of the item's. */
function mustFit(
  output: string,
  tables: readonly ItemTable[],
  itemColumns: readonly Column[],
): void {
  const voters = tables.filter(({ ref }) => ref.rows !== 0);
  const [first] = voters.length === 0 ? tables : voters;
  if (first === undefined) return;
  const taken = itemColumns.find(({ name }) =>
    first.columns.some((column) => column.name.toLowerCase() === name.toLowerCase()),
  );
  if (taken !== undefined) {
    throw new StepError(
      'ITEMS_DIFFER',
      `the output '${output}' has a column '${taken.name}', which is the name of the item's`,
      { hint: `Leave it out, or give the items another name: foreach: { item: ... }.` },
    );
  }
  for (const { item, columns } of voters) {
    const difference = differenceOf(first.columns, columns);
    if (difference === undefined) continue;
    throw new StepError(
      'ITEMS_DIFFER',
      `the output '${output}' of item ${itemText(first.item)} ${difference.before}, that of ${itemText(item)} ${difference.after}`,
      { hint: 'Cast the column in the query, or give its type under `columns`.' },
    );
  }
}

function differenceOf(
  before: readonly Column[],
  after: readonly Column[],
): { readonly before: string; readonly after: string } | undefined {
  for (let i = 0; i < Math.max(before.length, after.length); i += 1) {
    const [a, b] = [before[i], after[i]];
    if (a?.name === b?.name && a?.type === b?.type) continue;
    return { before: said(a, i), after: said(b, i) };
  }
  return undefined;
}

function said(column: Column | undefined, i: number): string {
  if (column === undefined) return `has ${i} columns`;
  return `has ${column.name} (${column.type}) as column ${i + 1}`;
}

function literal({ item }: ListedItem, { name, type }: Column): string {
  const value: Scalar = isRow(item) ? (item[name] ?? null) : item;
  const text = value === null ? 'null' : quoteText(String(value));
  return `cast(${text} as ${type}) as ${quoteName(name)}`;
}
