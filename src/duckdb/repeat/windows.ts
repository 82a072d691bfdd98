/**
 * What a window function needs so that ties of its ORDER BY change nothing. Pure.
 *
 * 1. An order is only ever made longer where every answer with the longer one is an answer with the shorter one.
 * 2. Ranks say of rows that tie that they tie: they are left alone.
 */

import { seesOrder } from './aggregates.ts';

import type { Node } from '../syntax-tree.ts';

/** What must be done to a window: nothing, its order or that of its argument made longer, or it cannot be helped. */
export type WindowNeed =
  | { readonly kind: 'none' }
  | { readonly kind: 'rows' }
  | { readonly kind: 'argument by columns' }
  | { readonly kind: 'argument by arguments' }
  | { readonly kind: 'ties matter' };

const NONE: WindowNeed = { kind: 'none' };
/** They number the rows of a partition, whatever the frame. */
const BY_PLACE = /^WINDOW_(ROW_NUMBER|NTILE|LEAD|LAG)$/;
const BY_RANK = /^WINDOW_(RANK|RANK_DENSE|DENSE_RANK|PERCENT_RANK|CUME_DIST)$/;
const OF_FRAME = /^WINDOW_(FIRST_VALUE|LAST_VALUE|NTH_VALUE)$/;

/** `type` is that of the first argument, where it is known. */
export function needOf(window: Node, type: string | undefined): WindowNeed {
  const kind = String(window['type']);
  const isArgumentOrdered = listOf(window['arg_orders']).length > 0;
  if (BY_RANK.test(kind)) return NONE;
  if (BY_PLACE.test(kind)) {
    return { kind: isArgumentOrdered ? 'argument by columns' : 'rows' };
  }
  if (OF_FRAME.test(kind)) {
    if (isArgumentOrdered) return { kind: 'argument by columns' };
    if (isByRows(window) || keepsEdge(kind, window)) return { kind: 'rows' };
    return { kind: 'argument by columns' };
  }
  if (kind !== 'WINDOW_AGGREGATE') return { kind: 'ties matter' };
  const isWhole = isWholePartition(window);
  if (isByRows(window) && !isWhole) return { kind: 'rows' };
  if (!seesOrder(String(window['function_name']).toLowerCase(), type)) return NONE;
  if (isArgumentOrdered || isWhole) return { kind: 'argument by arguments' };
  return { kind: 'ties matter' };
}

/** True if the first or last row of the frame is that of the partition, so that a longer order moves no edge that counts. */
function keepsEdge(kind: string, window: Node): boolean {
  if (listOf(window['orders']).length === 0 || window['exclude_clause'] !== 'NO_OTHER')
    return false;
  const isFirst = kind === 'WINDOW_FIRST_VALUE' && window['start'] === 'UNBOUNDED_PRECEDING';
  const isPlain = !String(window['end']).startsWith('EXPR');
  return isFirst && isPlain;
}

function isByRows(window: Node): boolean {
  return [window['start'], window['end']].some((edge) => String(edge).endsWith('_ROWS'));
}

function isWholePartition(window: Node): boolean {
  const reachesEnd =
    window['end'] === 'UNBOUNDED_FOLLOWING' ||
    (listOf(window['orders']).length === 0 &&
      !isByRows(window) &&
      String(window['end']).startsWith('CURRENT'));
  return (
    window['start'] === 'UNBOUNDED_PRECEDING' &&
    reachesEnd &&
    window['exclude_clause'] === 'NO_OTHER'
  );
}

function listOf(value: unknown): readonly Node[] {
  return (value ?? []) as readonly Node[];
}
