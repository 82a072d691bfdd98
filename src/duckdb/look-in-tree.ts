/** Finds things in the tree of a query: the place of a table, a star, a function that nobody knows. */

import { byteOf, QueryError } from './query-error.ts';
import { quoteName } from './quoting.ts';
import { PLACE } from './syntax-tree.ts';

import type { BindProblem } from '../model/binder.ts';
import type { Session } from './session-port.ts';
import type { Node } from './syntax-tree.ts';

/** Where a table is named first. */
export function placeOfTable(tree: Node, table: string): number | undefined {
  const [name, schema = ''] = table.toLowerCase().split('.').toReversed();
  for (const node of nodesOf(tree)) {
    if (node['type'] !== 'BASE_TABLE') continue;
    const found = [node['table_name'], node['schema_name']].map((each) => lower(each));
    const isWhole = found[0] === table.toLowerCase();
    if (isWhole || (found[0] === name && (schema === '' || found[1] === schema))) {
      return byteOf(node[PLACE]);
    }
  }
  return undefined;
}

/** Where a name stands first in a text, for mistakes whose place the engine does not tell. */
export function byteOfName(text: string, name: string | undefined): number | undefined {
  if (name === undefined) return undefined;
  const escaped = name.replaceAll(/[^\p{L}\p{N}_]/gu, String.raw`\$&`);
  const index = new RegExp(String.raw`(?<![\p{L}\p{N}_])${escaped}(?![\p{L}\p{N}_])`, 'iu').exec(
    text,
  )?.index;
  return index === undefined ? undefined : Buffer.byteLength(text.slice(0, index));
}

/** True if its columns are those of a table, whatever these are. */
export function hasStar(tree: Node): boolean {
  for (const node of nodesOf(tree)) {
    if (node['class'] === 'STAR') return true;
  }
  return false;
}

/** The first function that the engine has none of. */
export async function unknownFunction(
  session: Session,
  tree: Node,
): Promise<BindProblem | undefined> {
  const tried = new Set<string>();
  for (const node of nodesOf(tree)) {
    const name = lower(node['function_name']);
    // Functions that are of windows alone have a type each.
    const isOwn =
      lower(node['schema']) !== '' ||
      node['is_operator'] === true ||
      /^WINDOW_(?!AGGREGATE$)/.test(String(node['type']));
    if (name === '' || isOwn || tried.has(name) || !/^[a-z_]\w*$/.test(name)) continue;
    tried.add(name);
    const found = await session.rows(`select ${quoteName(name)}()`).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (found instanceof QueryError && found.isUnknownFunction) {
      const { said, meant } = found;
      return { code: 'SQL_ERROR', message: said, hint: meant, byte: byteOf(node[PLACE]) };
    }
  }
  return undefined;
}

function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) {
    for (const item of value) yield* nodesOf(item);
  } else if (typeof value === 'object' && value !== null) {
    yield value as Node;
    for (const child of Object.values(value)) yield* nodesOf(child);
  }
}

function lower(value: unknown): string {
  return String(value ?? '').toLowerCase();
}
