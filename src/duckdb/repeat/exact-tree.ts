/**
 * A query's tree that can be changed and written as text again, by the engine's own parser and writer.
 *
 * 1. Every number in it stands as the text that the engine wrote: no digit goes through a double.
 * 2. A text is handed out only if the parser makes of it the very tree it was written from.
 */

import { quoteText } from '../quoting.ts';

import type { Node } from '../syntax-tree.ts';
import type { Session } from '../session-port.ts';

/** Stands before each number. No text of a query can be taken for one: JSON writes this letter as an escape. */
const NUMBER = '\u0001';
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** The tree of one query; undefined if the text is none. */
export async function exactTreeOf(session: Session, text: string): Promise<Node | undefined> {
  const [row] = await session.rows({
    text: 'select json_serialize_sql($q::varchar) as j',
    binds: { q: text },
  });
  const json = String(row?.['j']).replaceAll(TOKEN, (token) =>
    token.startsWith('"') ? token : `"\\u0001${token}"`,
  );
  const { statements } = JSON.parse(json) as { readonly statements?: readonly Node[] };
  return statements?.length === 1 ? (statements[0]?.['node'] as Node) : undefined;
}

/** The text of a tree; undefined where the engine cannot write it so that it means the same. */
export async function textOf(session: Session, node: Node): Promise<string | undefined> {
  const written = await writtenBy(session, node);
  if (written === undefined) return undefined;
  const read = await exactTreeOf(session, written);
  return read !== undefined && shapeOf(read) === shapeOf(storable(node)) ? written : undefined;
}

/** The name that the engine gives to the column of this expression. */
export async function nameOf(session: Session, expression: Node): Promise<string | undefined> {
  const written = await writtenBy(
    session,
    selectOf([expression], { type: 'EMPTY', alias: '', sample: null }),
  );
  return written?.replace(/^SELECT /, '');
}

/** Where a part stands in the text it was read from, or its first part that says so: a byte offset. */
export function offsetOf(part: unknown): number | undefined {
  if (typeof part !== 'object' || part === null) return undefined;
  const offset = Number(String((part as Node)['query_location'] ?? '-').slice(NUMBER.length));
  if (Number.isSafeInteger(offset) && 'query_location' in part) return offset;
  for (const child of Object.values(part)) {
    const found = offsetOf(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A whole number as it stands in a tree outside of expressions. */
export function bareNumber(value: number): string {
  return NUMBER + value;
}

/** A whole number as an expression. */
export function numberNode(value: number): Node {
  return {
    class: 'CONSTANT',
    type: 'VALUE_CONSTANT',
    alias: '',
    value: { type: { id: 'INTEGER', type_info: null }, is_null: false, value: bareNumber(value) },
  };
}

/** A column as an expression. */
export function columnNode(names: readonly string[]): Node {
  return { class: 'COLUMN_REF', type: 'COLUMN_REF', alias: '', column_names: names };
}

/** `*`, or `relation.*`. */
export function starNode(relation = ''): Node {
  return {
    class: 'STAR',
    type: 'STAR',
    alias: '',
    relation_name: relation,
    exclude_list: [],
    replace_list: [],
    columns: false,
    expr: null,
    qualified_exclude_list: [],
    rename_list: [],
  };
}

/** An entry of an ORDER BY, ascending. */
export function orderNode(expression: Node): Node {
  return { type: 'ORDER_DEFAULT', null_order: 'ORDER_DEFAULT', expression };
}

/** A call of a function that is no aggregate, or of one that takes all its rows as they come. */
export function callNode(name: string, args: readonly Node[]): Node {
  return {
    class: 'FUNCTION',
    type: 'FUNCTION',
    alias: '',
    function_name: name,
    schema: '',
    children: args,
    filter: null,
    order_bys: { type: 'ORDER_MODIFIER', orders: [] },
    distinct: false,
    is_operator: false,
    export_state: false,
    catalog: '',
  };
}

/** A text as an expression. */
export function textNode(value: string): Node {
  const type = { id: 'VARCHAR', type_info: null };
  return {
    class: 'CONSTANT',
    type: 'VALUE_CONSTANT',
    alias: '',
    value: { type, is_null: false, value },
  };
}

/** `select list from table`, with `others` beside it. */
export function selectOf(list: readonly Node[], table: unknown, others: Node = {}): Node {
  return {
    type: 'SELECT_NODE',
    modifiers: [],
    cte_map: { map: [] },
    select_list: list,
    from_table: table,
    where_clause: null,
    group_expressions: [],
    group_sets: [],
    aggregate_handling: 'STANDARD_HANDLING',
    having: null,
    sample: null,
    qualify: null,
    ...others,
  };
}

/** One form for all trees that mean the same; where a part stands is no part of it. */
export function shapeOf(tree: unknown): string {
  return JSON.stringify(tree, (key, value: unknown) =>
    key === 'query_location' ? undefined : withoutShell(value),
  );
}

/** The writer puts a query around VALUES that has one already. */
function withoutShell(value: unknown): unknown {
  const inner = onlyTable(value);
  if (inner?.['type'] !== 'SUBQUERY' || inner['alias'] !== 'valueslist') return value;
  const node = (inner['subquery'] as { readonly node?: Node }).node;
  return onlyTable(node)?.['type'] === 'EXPRESSION_LIST' ? node : value;
}

function onlyTable(value: unknown): Node | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const node = value as Node;
  return node['type'] === 'SELECT_NODE' ? (node['from_table'] as Node) : undefined;
}

/** The text of a tree to ask about: its names and types are right, its constants may be of a like type. */
export async function writtenBy(session: Session, node: Node): Promise<string | undefined> {
  const statement = { node: storable(node), named_param_map: [] };
  const json = JSON.stringify({ error: false, statements: [statement] }, (key, value: unknown) =>
    key === 'query_location' ? undefined : value,
  ).replaceAll(/"\\u0001([^"]*)"/g, '$1');
  return session.rows(`select json_deserialize_sql(${quoteText(json)}::json) as s`).then(
    ([row]) => String(row?.['s']),
    () => undefined,
  );
}

/** The tree in the form that the writer keeps: it writes a double of a whole value as a decimal. */
function storable(value: Node): Node {
  return rewritten(value) as Node;
}

function rewritten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewritten);
  if (typeof value !== 'object' || value === null) return value;
  const node = value as Node;
  if (node['type'] === 'VALUE_CONSTANT') return isDouble(node) ? castOf(node) : node;
  return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, rewritten(child)]));
}

function isDouble(constant: Node): boolean {
  const { type, is_null } = constant['value'] as { readonly type: Node; readonly is_null: boolean };
  return type['id'] === 'DOUBLE' && !is_null;
}

function castOf(constant: Node): Node {
  const { value, ...about } = constant['value'] as Node;
  const text = {
    ...about,
    type: { id: 'VARCHAR', type_info: null },
    value: String(value).slice(NUMBER.length),
  };
  return {
    class: 'CAST',
    type: 'OPERATOR_CAST',
    alias: constant['alias'],
    child: { ...constant, alias: '', value: text },
    cast_type: (constant['value'] as Node)['type'],
    try_cast: false,
  };
}
