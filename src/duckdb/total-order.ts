/**
 * Gives a query one order of its rows, so that equal rows are equal bytes: its own ORDER BY with ties broken by all
 * columns, or else all columns.
 *
 * 1. Text is only ever added, and only where the parser says that nothing but the order has changed.
 * 2. Where that cannot be shown, the answer is undefined, and the rows go by way of a table.
 */

import { isSameTree, modifiersOf, treeIfAny } from './syntax-tree.ts';

import type { Session } from './session-port.ts';
import type { Node } from './syntax-tree.ts';

/** Words that may follow the ORDER BY of a query. */
const AFTER_ORDER = /\b(limit|offset|fetch)\b/gi;

/** Whether a query has an ORDER BY of its own at the top. */
export function isOrdered(tree: Node): boolean {
  return orderOf(tree).length > 0;
}

/** Whether rows are cut off at the top, so that the order also chooses which ones stay. */
export function isCut(tree: Node): boolean {
  return modifiersOf(tree).some((modifier) => /LIMIT|DISTINCT/.test(String(modifier['type'])));
}

/** Whether rows are left out at the front: then the engine cuts a file into row groups as its threads happen to meet. */
export function skipsRows(tree: Node): boolean {
  return modifiersOf(tree).some((modifier) => (modifier['offset'] ?? null) !== null);
}

/** The query with the order completed in place; `columns` is how many columns its result has. */
export async function inTotalOrder(
  session: Session,
  { text, tree }: { readonly text: string; readonly tree: Node },
  columns: number,
): Promise<string | undefined> {
  const own = orderOf(tree);
  if (own.some(isAll)) return text;
  const places = Array.from({ length: columns }, (_, i) => i + 1).join(', ');
  const added = own.length > 0 ? `, ${places}` : 'order by all';
  const cuts = [...text.matchAll(AFTER_ORDER)].map((match) => match.index).toReversed();
  for (const at of [text.length, ...cuts]) {
    // A comment may end the text, but not what stands before a word of it.
    const gap = at === text.length ? '\n' : ' ';
    const whole = `${text.slice(0, at)}${gap}${added} ${text.slice(at)}`;
    const made = await treeIfAny(session, whole);
    if (made !== undefined && isCompleted(tree, made, own.length > 0 ? columns : 0)) {
      return (await session.binds(whole)) ? whole : undefined;
    }
  }
  return undefined;
}

/** True if `made` is `tree` with places `1..columns` behind its order, or ORDER BY ALL where it had none. */
function isCompleted(tree: Node, made: Node, columns: number): boolean {
  const old = orderOf(tree);
  const now = orderOf(made);
  const rest = now.slice(old.length);
  const isRight =
    columns === 0
      ? rest.length === 1 && rest.every(isAll)
      : rest.length === columns && rest.every((entry, i) => placeOf(entry) === i + 1);
  return (
    isRight &&
    isSameTree(now.slice(0, old.length), old) &&
    isSameTree(withoutOrder(made), withoutOrder(tree))
  );
}

function orderOf(tree: Node): readonly Node[] {
  return modifiersOf(tree)
    .filter(isOrder)
    .flatMap((modifier) => modifier['orders'] as readonly Node[]);
}

function isOrder(modifier: Node): boolean {
  return modifier['type'] === 'ORDER_MODIFIER';
}

function withoutOrder(tree: Node): Node {
  return { ...tree, modifiers: modifiersOf(tree).filter((modifier) => !isOrder(modifier)) };
}

/** `order by all`. */
function isAll(entry: Node): boolean {
  const { type, columns, relation_name, expr, ...lists } = entry['expression'] as Node;
  const isWhole = ['exclude_list', 'replace_list', 'qualified_exclude_list', 'rename_list'].every(
    (name) => (lists[name] as readonly unknown[] | undefined)?.length === 0,
  );
  return type === 'STAR' && columns === true && relation_name === '' && expr === null && isWhole;
}

/** The column that `order by 3` means, ascending. */
function placeOf(entry: Node): number | undefined {
  const { type, value } = entry['expression'] as Node;
  if (type !== 'VALUE_CONSTANT' || entry['type'] !== 'ORDER_DEFAULT') return undefined;
  return Number((value as Node)['value']);
}
