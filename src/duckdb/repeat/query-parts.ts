/** Questions about parts of a query's exact tree. Pure. */

import { AGGREGATE_MACROS, AGGREGATES } from './engine-words.ts';
import { bareNumber, columnNode, orderNode, shapeOf } from './exact-tree.ts';

import type { Ctes } from './scope.ts';
import type { Node } from '../syntax-tree.ts';

/** Entries for those expressions that an order does not have yet. Constants order nothing. */
export function lacking(orders: readonly Node[], expressions: readonly Node[]): readonly Node[] {
  const known = new Set(orders.map((entry) => bareShape(entry['expression'] as Node)));
  return expressions
    .filter((each) => each['class'] !== 'CONSTANT' && each['class'] !== 'PARAMETER')
    .filter((each) => !known.has(bareShape(each)))
    .map((each) => orderNode({ ...each, alias: '' }));
}

function bareShape(expression: Node): string {
  return shapeOf({ ...expression, alias: '' });
}

/** Puts arguments where a macro's body names its parameters. */
export function filledIn(value: unknown, given: ReadonlyMap<string, Node | undefined>): unknown {
  if (Array.isArray(value)) return value.map((item) => filledIn(item, given));
  if (typeof value !== 'object' || value === null) return value;
  const node = value as Node;
  const names = listOf(node['column_names']) as readonly unknown[];
  const argument =
    node['type'] === 'COLUMN_REF' && names.length === 1 ? given.get(String(names[0])) : undefined;
  if (argument !== undefined) return argument;
  return Object.fromEntries(
    Object.entries(node).map(([key, child]) => [key, filledIn(child, given)]),
  );
}

/** True for a SELECT whose rows are groups. */
export function isGrouped(node: Node): boolean {
  return (
    listOf(node['group_expressions']).length > 0 ||
    node['aggregate_handling'] !== 'STANDARD_HANDLING' ||
    hasAggregate([node['select_list'], node['having'], node['qualify']])
  );
}

/** What tells the rows of a SELECT that groups apart. */
export function keysOf(node: Node): readonly Node[] | undefined {
  if (listOf(node['group_sets']).length > 1) return undefined;
  const items = listOf(node['select_list']);
  if (node['aggregate_handling'] === 'FORCE_AGGREGATES') {
    return items.filter((item) => !hasAggregate(item) && item['class'] !== 'CONSTANT');
  }
  return listOf(node['group_expressions']).map((key) => {
    const place =
      key['class'] === 'CONSTANT'
        ? Number(String((key['value'] as Node)['value']).slice(1))
        : Number.NaN;
    return items[place - 1] ?? key;
  });
}

/** True for an aggregate outside a window, and for a window. */
function hasAggregate(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasAggregate);
  if (typeof value !== 'object' || value === null) return false;
  const node = value as Node;
  if (node['type'] === 'SUBQUERY') return false;
  const name = String(node['function_name'] ?? '').toLowerCase();
  if (node['class'] === 'WINDOW')
    return hasAggregate([node['children'], node['orders'], node['partitions']]);
  if (
    node['type'] === 'FUNCTION' &&
    (AGGREGATES.has(name) || Object.hasOwn(AGGREGATE_MACROS, name))
  )
    return true;
  return Object.values(node).some(hasAggregate);
}

/** Whether rows come in the order of a subquery. */
export function isOrderedSource(from: Node, ctes: Ctes): boolean {
  const named = cteOf(from, ctes)?.value;
  const query = from['type'] === 'SUBQUERY' ? from['subquery'] : named?.['query'];
  const node = (query as { readonly node?: Node } | undefined)?.node;
  return listOf(node?.['modifiers']).some(({ type }) => type === 'ORDER_MODIFIER');
}

/** The query that a table's name stands for here. */
export function cteOf(table: Node, ctes: Ctes): Ctes[number] | undefined {
  if (table['type'] !== 'BASE_TABLE' || table['schema_name'] !== '') return undefined;
  const name = String(table['table_name']).toLowerCase();
  return ctes.findLast(({ key }) => key.toLowerCase() === name);
}

/** Expressions that a join compares, of both sides. */
export function keysOfJoin(node: Node): readonly Node[] {
  const using = listOf(node['using_columns']) as readonly unknown[];
  const named = using.map((name) => columnNode([String(name)]));
  const found: Node[] = [];
  const look = (condition: Node | null): void => {
    if (condition === null) return;
    if (condition['class'] === 'CONJUNCTION') listOf(condition['children']).forEach(look);
    if (condition['class'] === 'COMPARISON') {
      found.push(condition['left'] as Node, condition['right'] as Node);
    }
  };
  look((node['condition'] ?? null) as Node | null);
  return [...named, ...found];
}

/** The parts of a list that may not be there. */
export function listOf(value: unknown): readonly Node[] {
  return (value ?? []) as readonly Node[];
}

/** The name of a call in lower case; empty for anything else. */
export function nameOfCall(node: Node): string {
  return String(node['function_name'] ?? '').toLowerCase();
}

/** True for a call that sorts the list that an aggregate makes: the parser writes `list(x order by x)` so. */
export function isSortedList(node: Node): boolean {
  const [inner] = listOf(node['children']);
  return (
    /^(list|array)_(reverse_)?sort$/.test(nameOfCall(node)) &&
    inner !== undefined &&
    isPlainList(inner)
  );
}

/** True for an aggregate whose whole result can be sorted as a list. */
export function isPlainList(node: Node): boolean {
  return /^(list|array_agg)$/.test(nameOfCall(node));
}

/** A SELECT that groups by all says its groups: with more columns in a window the engine would not know them. */
export function withGroupsSaid(node: Node, keys: readonly Node[]): Node {
  return {
    ...node,
    aggregate_handling: 'STANDARD_HANDLING',
    group_expressions: keys.map((key) => ({ ...key, alias: '' })),
    group_sets: [keys.map((_, i) => bareNumber(i))],
  };
}
