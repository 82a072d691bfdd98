/**
 * Where a query hands on texts that its collation calls equal although they differ: which of them a group, a distinct,
 * a minimum or a sort keeps is the engine's choice. Pure.
 */

import type { Node } from '../syntax-tree.ts';

/** What only says whether something holds: a collation goes no further. */
const ANSWERS = /^(COMPARE|CONJUNCTION|SUBQUERY)|^OPERATOR_(NOT|IS_NULL|IS_NOT_NULL)$/;
/** Parts that order or cut rows: their ties are broken by the texts themselves. */
const ORDERING = new Set(['order_bys', 'orders', 'arg_orders', 'partitions', 'filter']);

/** The first part of a selected expression whose collation its result may keep; undefined where there is none. */
export function collationIn(value: unknown): Node | undefined {
  if (Array.isArray(value)) return firstOf(value);
  if (typeof value !== 'object' || value === null) return undefined;
  const node = value as Node;
  if (node['class'] === 'COLLATE') return node;
  if (ANSWERS.test(String(node['type'])) || isPatternMatch(node)) return undefined;
  const parts = Object.entries(node).filter(([key]) => !ORDERING.has(key));
  return firstOf(parts.map(([, part]) => part));
}

/** LIKE and its kin are functions of these names. */
function isPatternMatch(node: Node): boolean {
  return String(node['function_name'] ?? '').includes('~');
}

function firstOf(values: readonly unknown[]): Node | undefined {
  for (const value of values) {
    const found = collationIn(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
