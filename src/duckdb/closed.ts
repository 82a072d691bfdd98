/**
 * Whether a part of a query can reach beyond the tables it names: the sandbox of the shared instance, where the files
 * of other steps could be opened. Everything that is not known to stay inside counts as reaching out. Pure.
 */

import type { Node } from './syntax-tree.ts';

/** Parts of a query that only work on what their own parts give them. */
const PARTS = new Set([
  'SELECT_NODE',
  'SET_OPERATION_NODE',
  'RECURSIVE_CTE_NODE',
  'CTE_NODE',
  'BASE_TABLE',
  'SUBQUERY',
  'JOIN',
  'EXPRESSION_LIST',
  'EMPTY',
  'TABLE_FUNCTION',
  'ORDER_MODIFIER',
  'LIMIT_MODIFIER',
  'LIMIT_PERCENT_MODIFIER',
  'DISTINCT_MODIFIER',
  'ORDER_DEFAULT',
  'ASCENDING',
  'DESCENDING',
  'COLUMN_REF',
  'STAR',
  'FUNCTION',
  'CASE_EXPR',
  'LAMBDA',
  'COLLATE',
  'POSITIONAL_REFERENCE',
  'ARRAY_EXTRACT',
  'ARRAY_SLICE',
  'STRUCT_EXTRACT',
  'ARROW',
]);
const PARTS_LIKE = /^(COMPARE|CONJUNCTION|OPERATOR|VALUE|WINDOW|AGGREGATE)_|_TYPE_INFO$/;

/** Functions that look at the catalog, at settings or at other queries, or that bind a text as a query. */
const LOOK_AROUND = new Set([
  'json_serialize_plan',
  'current_setting',
  'getvariable',
  'current_catalog',
  'current_connection_id',
  'current_database',
  'current_query',
  'current_query_id',
  'current_role',
  'current_schema',
  'current_schemas',
  'current_transaction_id',
  'txid_current',
  'in_search_path',
  'col_description',
  'format_type',
  'format_pg_type',
  'get_block_size',
  'nextval',
  'currval',
  'obj_description',
  'shobj_description',
  'stats',
  'write_log',
]);
const LOOK_AROUND_LIKE = /^(pg|has|inet)_|_privilege$/;

/** True for a function that may tell of more than its arguments. */
export function looksAround(name: string): boolean {
  return LOOK_AROUND.has(name) || LOOK_AROUND_LIKE.test(name);
}

/** What in this node could reach out, in words; undefined where nothing can. Its children are not looked at. */
export function reachesOut(node: Node): string | undefined {
  const { type } = node;
  if (typeof type === 'string' && !PARTS.has(type) && !PARTS_LIKE.test(type)) return type;
  if (isSet(node['at_clause'])) return 'a table at another time';
  const isTable = isSet(node['schema_name']) || isSet(node['catalog_name']);
  const isFunction = isSet(node['schema']) || isSet(node['catalog']);
  const isType = typeof type === 'string' && type.endsWith('_TYPE_INFO');
  if (isTable || (isFunction && !isType && !isBuiltIn(node))) return 'a name with a schema';
  const called = node['function_name'];
  if (typeof called === 'string' && looksAround(called.toLowerCase())) return `${called}()`;
  return undefined;
}

/** The parser itself writes `extract(...)` and the like with these names in front. */
function isBuiltIn({ schema, catalog }: Node): boolean {
  return (
    (schema === 'main' || schema === 'pg_catalog') && (!isSet(catalog) || catalog === 'system')
  );
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
