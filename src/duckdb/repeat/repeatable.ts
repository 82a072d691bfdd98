/** Makes a query one that gives the same result of the same rows, as far as that can be done. */

import { placeOf } from '../query-error.ts';
import { treeOf } from '../syntax-tree.ts';
import { AGGREGATE_MACROS, AGGREGATES } from './engine-words.ts';
import { seesOrder } from './aggregates.ts';
import { completed } from './complete.ts';
import { exactTreeOf, nameOf } from './exact-tree.ts';

import type { Analysis } from '../analyse.ts';
import type { Node } from '../syntax-tree.ts';
import type { Session } from '../session-port.ts';
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

/** The same for a query of which the rows count, not their order: a LIMIT of its own chooses among them, too. @throws StepError SQL_ERROR */
export async function repeatableRows(
  session: Session,
  query: Pick<Analysis, 'text' | 'tree' | 'start'>,
  sql: Sql,
): Promise<{ readonly text: string; readonly open: readonly string[] }> {
  if (!mayDiffer(query.tree, false)) return { text: query.text, open: [] };
  const before = 'select * from (\n';
  const whole = { text: `${before}${query.text}\n)`, binds: sql.binds };
  const { text, open } = await completed(session, whole, (byte) =>
    placeOf(sql.text, query.start + byte - before.length),
  );
  return { text: text === whole.text ? query.text : text, open };
}

/** The same for a condition on the rows of `from` (SQL): it may hold queries. @throws StepError SQL_ERROR */
export async function repeatableCondition(
  session: Session,
  { text, binds }: Sql,
  from: string,
): Promise<{ readonly text: string; readonly open: readonly string[] }> {
  const whole = { text: `select ${text} from ${from}`, binds };
  if (!mayDiffer(await treeOf(session, whole.text), true)) return { text, open: [] };
  const made = await completed(session, whole, () => '');
  if (made.text === whole.text) return { text, open: made.open };
  const tree = await exactTreeOf(session, made.text);
  const [item] = (tree?.['select_list'] ?? []) as readonly Node[];
  const written = item === undefined ? undefined : await nameOf(session, { ...item, alias: '' });
  return written === undefined
    ? { text, open: ['a query in it'] }
    : { text: `(\n${written}\n)`, open: made.open };
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
    node['class'] === 'COLLATE' ||
    node['show_type'] === 'SUMMARY' ||
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
