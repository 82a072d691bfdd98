/** What a query is made of, by DuckDB's own parser: tables, functions, order. Decides whether its result can be trusted to repeat. */

import type { Session } from './session.ts';

import { StepError } from '../model/step-error.ts';

export type Analysis = {
  /** Tables it reads, without its own CTEs, as `name` or `schema.name`. */
  readonly tables: readonly string[];
  /** It has an ORDER BY of its own at the top. */
  readonly ordered: boolean;
  /** Aggregates whose result no order of the rows can repair. */
  readonly fragile: readonly string[];
};

const VOLATILE = new Set([
  'random',
  'uuid',
  'gen_random_uuid',
  'uuidv4',
  'uuidv7',
  'now',
  'current_timestamp',
  'current_date',
  'current_time',
  'get_current_timestamp',
  'get_current_time',
  'transaction_timestamp',
  'today',
  'localtime',
  'localtimestamp',
  'current_localtime',
  'current_localtimestamp',
  'nextval',
  'currval',
  'setseed',
  'txid_current',
  'pg_backend_pid',
  'getenv',
  'current_setting',
  'current_user',
  'version',
  'current_database',
  'current_schema',
  'getvariable',
]);
/** The words among them that may stand without parentheses. */
const BARE = new Set([
  'current_timestamp',
  'current_date',
  'current_time',
  'localtime',
  'localtimestamp',
  'current_user',
]);
const TABLE_FUNCTIONS = new Set([
  'unnest',
  'range',
  'generate_series',
  'json_each',
  'json_tree',
  'generate_subscripts',
  'repeat',
  'repeat_row',
]);
const FRAGILE = new Set([
  'first',
  'last',
  'any_value',
  'arbitrary',
  'list',
  'array_agg',
  'string_agg',
  'group_concat',
  'listagg',
  'mode',
  'arg_max',
  'arg_min',
  'max_by',
  'min_by',
  'argmax',
  'argmin',
  'approx_quantile',
  'approx_count_distinct',
  'reservoir_quantile',
  'histogram',
]);

type Node = { readonly [key: string]: unknown };

/** Looks at a query. @throws StepError SQL_ERROR, SQL_NOT_ALLOWED */
export async function analyse(session: Session, text: string): Promise<Analysis> {
  const [row] = await session.rows({
    text: 'select json_serialize_sql($q::varchar) as j',
    binds: { q: text },
  });
  const parsed = JSON.parse(String(row?.['j'])) as Node;
  if (parsed['error'] === true) {
    throw new StepError('SQL_ERROR', explainParse(parsed, text));
  }
  const statements = parsed['statements'] as readonly Node[];
  if (statements.length !== 1) {
    throw new StepError(
      'SQL_NOT_ALLOWED',
      `a step's query is one SELECT; this text has ${statements.length} statements`,
    );
  }
  const root = (statements[0] as Node)['node'] as Node;
  const found: Found = { tables: new Set(), fragile: new Set() };
  walk(root, new Set(), found);
  const modifiers = (root['modifiers'] ?? []) as readonly Node[];
  return {
    tables: [...found.tables],
    fragile: [...found.fragile],
    ordered: modifiers.some((modifier) => modifier['type'] === 'ORDER_MODIFIER'),
  };
}

type Found = { readonly tables: Set<string>; readonly fragile: Set<string> };

function walk(value: unknown, ctes: ReadonlySet<string>, found: Found): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, ctes, found);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const node = value as Node;
  const named = (node['cte_map'] as { map?: readonly { key: string }[] } | undefined)?.map ?? [];
  const inner =
    named.length === 0 ? ctes : new Set([...ctes, ...named.map((cte) => cte.key.toLowerCase())]);
  look(node, inner, found);
  for (const child of Object.values(node)) walk(child, inner, found);
}

function look(node: Node, ctes: ReadonlySet<string>, found: Found): void {
  const name = String(node['function_name'] ?? '').toLowerCase();
  switch (node['type']) {
    case 'BASE_TABLE': {
      const table = String(node['table_name']);
      const schema = String(node['schema_name'] ?? '');
      if (schema === '' && ctes.has(table.toLowerCase())) return;
      found.tables.add(schema === '' || schema === 'main' ? table : `${schema}.${table}`);
      return;
    }
    case 'TABLE_FUNCTION': {
      const called = String(
        (node['function'] as Node | undefined)?.['function_name'] ?? '',
      ).toLowerCase();
      if (TABLE_FUNCTIONS.has(called)) return;
      throw new StepError(
        'SQL_NOT_ALLOWED',
        `the table function ${called}() reaches outside the step's inputs; files enter through collect.files`,
      );
    }
    case 'COLUMN_REF': {
      const parts = (node['column_names'] ?? []) as readonly string[];
      const only = parts.length === 1 ? (parts[0] ?? '').toLowerCase() : '';
      if (BARE.has(only)) refuseVolatile(only);
      return;
    }
    case 'FUNCTION':
    case 'WINDOW_AGGREGATE': {
      if (VOLATILE.has(name)) refuseVolatile(`${name}()`);
      const orders =
        (node['order_bys'] as { orders?: readonly unknown[] } | undefined)?.orders ?? [];
      if (node['type'] === 'FUNCTION' && FRAGILE.has(name) && orders.length === 0)
        found.fragile.add(name);
      return;
    }
    default:
  }
  if (node['sample'] !== undefined && node['sample'] !== null) {
    throw new StepError(
      'SQL_NOT_ALLOWED',
      'a sample differs from run to run; filter by a hash of a key instead',
    );
  }
}

function refuseVolatile(name: string): never {
  throw new StepError(
    'SQL_NOT_ALLOWED',
    `${name} differs from run to run, so its result could never be reused; pass a value in by a parameter or \${{ run.date }}`,
  );
}

function explainParse(parsed: Node, text: string): string {
  const message = String(parsed['error_message'] ?? 'the query cannot be read');
  if (/Only SELECT/i.test(message))
    return "a step's query is one SELECT; other statements are not allowed";
  const offset = Number(parsed['position'] ?? Number.NaN);
  if (Number.isNaN(offset)) return message;
  const before = Buffer.from(text).subarray(0, offset).toString();
  return `line ${before.split('\n').length}, column ${before.length - before.lastIndexOf('\n')}: ${message}`;
}
