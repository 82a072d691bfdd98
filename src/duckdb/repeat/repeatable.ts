/** Makes a query one that gives the same result of the same rows, as far as that can be done. */

import { placeOf } from '../query-error.ts';
import { treeOf } from '../syntax-tree.ts';
import { AGGREGATE_MACROS, AGGREGATES } from './engine-words.ts';
import { seesOrder } from './aggregates.ts';
import { completed } from './complete.ts';

import type { Analysis } from '../analyse.ts';
import type { Node } from '../syntax-tree.ts';
import type { Session } from '../session.ts';
import type { Sql } from '../../model/attempt-inputs.ts';

export type Repeatable = {
  readonly query: Analysis;
  /** What was chosen for the query's author. */
  readonly notes: readonly string[];
  /** What may still differ from run to run, each with its place. */
  readonly open: readonly string[];
};

/** `sql` is what the query was admitted from. Most have nothing to complete, and are handed back untouched. @throws StepError SQL_ERROR */
export async function repeatable(session: Session, query: Analysis, sql: Sql): Promise<Repeatable> {
  if (!mayDiffer(query.tree, true)) return { query, notes: [], open: [] };
  const { text, notes, open } = await completed(
    session,
    { text: query.text, binds: sql.binds },
    (byte) => placeOf(sql.text, query.start + byte),
  );
  if (text === query.text) return { query, notes, open };
  return { query: { ...query, text, tree: await treeOf(session, text) }, notes, open };
}

/** True if a part of the tree could choose among rows, or see their order. */
function mayDiffer(value: unknown, isTop: boolean): boolean {
  if (Array.isArray(value)) return value.some((item) => mayDiffer(item, false));
  if (typeof value !== 'object' || value === null) return false;
  const node = value as Node;
  const name = String(node['function_name'] ?? '').toLowerCase();
  const modifiers = (node['modifiers'] ?? []) as readonly Node[];
  return (
    (AGGREGATES.has(name) && seesOrder(name, undefined)) ||
    Object.hasOwn(AGGREGATE_MACROS, name) ||
    node['class'] === 'WINDOW' ||
    node['ref_type'] === 'ASOF' ||
    node['ref_type'] === 'POSITIONAL' ||
    (!isTop && modifiers.some(isChoice)) ||
    Object.values(node).some((child) => mayDiffer(child, false))
  );
}

function isChoice(modifier: Node): boolean {
  const targets = (modifier['distinct_on_targets'] ?? []) as readonly unknown[];
  return targets.length > 0 || /LIMIT|ORDER/.test(String(modifier['type']));
}
