/** What a query is made of, by DuckDB's own parser: tables and functions. Refuses what reaches out or cannot repeat. */

import { StepError } from '../model/step-error.ts';
import { reachesOut } from './closed.ts';
import { isChanging, isChangingWord } from './repeat/changing.ts';
import { byteOf, QueryError } from './query-error.ts';
import { isSameTree, PLACE, treeIfAny, treeOf } from './syntax-tree.ts';

import type { Session } from './session-port.ts';
import type { Node } from './syntax-tree.ts';

export type Analysis = {
  /** The query without a closing semicolon or comment, so that it can stand in parentheses. */
  readonly text: string;
  /** Bytes of the text before it: those of the blanks that were left out. */
  readonly start: number;
  readonly tree: Node;
  /** Tables it reads, without its own CTEs, as `name` or `schema.name`. */
  readonly tables: readonly string[];
  /** What in it may reach beyond these tables, in words; undefined where that is ruled out. */
  readonly reach: string | undefined;
};

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
/** Looks at a query. @throws StepError SQL_ERROR, SQL_NOT_ALLOWED */
export async function analyse(session: Session, text: string): Promise<Analysis> {
  const tree = await treeOf(session, text);
  const found: Found = { tables: new Set(), reach: new Set() };
  lookAtAll(tree, found, text);
  return {
    text: await withoutTail(session, text, tree),
    start: Buffer.byteLength(/^\s*/.exec(text)?.[0] ?? ''),
    tree,
    tables: [...found.tables],
    reach: [...found.reach][0],
  };
}

function lookAtAll(tree: Node, found: Found, text: string): void {
  try {
    walk(tree, new Set(), found);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new QueryError('SQL_NOT_ALLOWED', error.message, { text, byte: byteOf(error.at) });
  }
}

/** What stands at a place of the tree is not allowed. */
class Refused extends Error {
  readonly at: unknown;

  constructor(message: string, at: unknown) {
    super(message);
    this.at = at;
  }
}

/** The query as it can stand in parentheses. @throws StepError SQL_NOT_ALLOWED where that cannot be told */
async function withoutTail(session: Session, text: string, tree: Node): Promise<string> {
  for (const bare of withoutTails(text)) {
    // The parser's word is only needed where something could still end the query in the middle.
    if (!bare.includes(';')) return bare;
    const enclosed = await treeIfAny(session, `(\n${bare}\n)`);
    if (enclosed !== undefined && isSameTree(enclosed, tree)) return bare;
  }
  throw new StepError('SQL_NOT_ALLOWED', 'the query must end at its semicolon');
}

/** The text without what may be a semicolon and comments at its end, the longest first. */
function* withoutTails(text: string): Generator<string> {
  const bare = text.trim().replace(/[;\s]+$/, '');
  yield bare;
  const line = bare.lastIndexOf('\n') + 1;
  for (let at = bare.lastIndexOf('--'); at >= line; at = bare.lastIndexOf('--', at - 1)) {
    yield* withoutTails(bare.slice(0, at));
    if (at === 0) return;
  }
  if (bare.endsWith('*/')) yield* withoutTails(bare.slice(0, bare.lastIndexOf('/*')));
}

type Found = {
  readonly tables: Set<string>;
  readonly reach: Set<string>;
};

/** `ctes` are the names that stand for a part of the query here, in lower case. Never more than the engine sees. */

function walk(value: unknown, ctes: ReadonlySet<string>, found: Found): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, ctes, found);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const node = value as Node;
  const { cte_map: named, right, ...rest } = node;
  let inner = ctes;
  // Each sees those before it, and not itself: there its name is that of a table, or of a file.
  for (const cte of (named as { map?: readonly Cte[] } | undefined)?.map ?? []) {
    walk(cte.value, inner, found);
    inner = new Set([...inner, cte.key.toLowerCase()]);
  }
  look(node, inner, found);
  for (const child of Object.values(rest)) walk(child, inner, found);
  const isRecursive = node['type'] === 'RECURSIVE_CTE_NODE';
  walk(right, isRecursive ? new Set([...inner, lower(node['cte_name'])]) : inner, found);
}

type Cte = { readonly key: string; readonly value: unknown };

function lower(value: unknown): string {
  return String(value ?? '').toLowerCase();
}

function look(node: Node, ctes: ReadonlySet<string>, found: Found): void {
  const name = lower(node['function_name']);
  const reach = reachesOut(node);
  if (reach !== undefined) found.reach.add(reach);
  if ((node['sample'] ?? null) !== null) {
    throw new Refused(
      'a sample differs from run to run; filter by a hash of a key instead',
      node[PLACE],
    );
  }
  switch (node['type']) {
    case 'BASE_TABLE': {
      const table = String(node['table_name']);
      const schema = String(node['schema_name'] ?? '');
      if (schema === '' && ctes.has(table.toLowerCase())) return;
      found.tables.add(schema === '' || schema === 'main' ? table : `${schema}.${table}`);
      return;
    }
    case 'TABLE_FUNCTION': {
      const called = lower((node['function'] as Node | undefined)?.['function_name']);
      if (TABLE_FUNCTIONS.has(called)) return;
      throw new Refused(
        `the table function ${called}() reaches outside the step's inputs; files enter through collect.files`,
        node[PLACE],
      );
    }
    case 'SHOW_REF':
      if ((node['query'] ?? null) !== null) return;
      throw new Refused(
        'SHOW tells of the session, not of data; name a table: describe t',
        node[PLACE],
      );
    case 'COLUMN_REF': {
      const parts = (node['column_names'] ?? []) as readonly string[];
      const only = parts.length === 1 ? (parts[0] ?? '').toLowerCase() : '';
      if (isChangingWord(only)) refuseChanging(only, node);
      return;
    }
    case 'FUNCTION':
    case 'WINDOW_AGGREGATE': {
      const args = (node['children'] as readonly unknown[] | undefined) ?? [];
      if (isChanging(name, args.length)) {
        refuseChanging(name === 'age' ? 'age() of one argument' : `${name}()`, node);
      }
      return;
    }
    default:
  }
}

function refuseChanging(name: string, node: Node): never {
  throw new Refused(
    `${name} differs from run to run, so its result could never be reused; pass a value in by a parameter or \${{ run.date }}`,
    node[PLACE],
  );
}
