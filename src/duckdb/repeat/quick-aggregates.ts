/**
 * Aggregates that can be made blind to the order of rows without sorting them, which costs up to ten times as much. Pure.
 *
 * Each answers what the aggregate answers for one of the orders that its rows may come in.
 */

import { callNode, textNode } from './exact-tree.ts';
import { isPlainList, listOf, nameOfCall } from './query-parts.ts';

import type { Node } from '../syntax-tree.ts';

const LEAST = new Set(['first', 'any_value', 'arbitrary']);
const WITH_EXTREME = /^(arg_?(max|min)|(max|min)_by)$/;

/** The aggregate in another form; undefined where there is none. It must have no order of its own. */
export function withoutSorting(call: Node): Node | undefined {
  const name = nameOfCall(call);
  const args = listOf(call['children']);
  if (isPlainList(call)) return sortedList(call);
  if (call['distinct'] === true) return undefined;
  if (args.length === 1 && LEAST.has(name)) return { ...call, function_name: 'min' };
  if (args.length === 1 && name === 'last') return { ...call, function_name: 'max' };
  const [value, by] = args;
  if (args.length !== 2 || value === undefined || by === undefined || !WITH_EXTREME.test(name)) {
    return undefined;
  }
  // Rows without a value or a measure do not count; of a pair neither would be missing as a whole.
  const plain = { ...value, alias: '' };
  const measure = { ...by, alias: '' };
  const conditions = [plain, measure].map(isNotNull);
  const own = (call['filter'] ?? null) as Node | null;
  return {
    ...call,
    children: [value, callNode('row', [measure, plain])],
    filter: {
      class: 'CONJUNCTION',
      type: 'CONJUNCTION_AND',
      alias: '',
      children: [...partsOf(own), ...conditions],
    },
  };
}

/** What must hold together: the parser puts all of it side by side. */
function partsOf(condition: Node | null): readonly Node[] {
  if (condition === null) return [];
  return condition['type'] === 'CONJUNCTION_AND' ? listOf(condition['children']) : [condition];
}

function sortedList(list: Node): Node {
  const inner = { ...list, alias: '' };
  const order = textNode('ORDER_DEFAULT');
  return { ...callNode('list_sort', [inner, order, order]), alias: list['alias'] };
}

function isNotNull(value: Node): Node {
  return { class: 'OPERATOR', type: 'OPERATOR_IS_NOT_NULL', alias: '', children: [value] };
}
