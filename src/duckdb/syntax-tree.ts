/** A query as the tree that DuckDB's own parser makes of it, and when two trees mean the same. Runs nothing. */

import { byteOf, QueryError } from './query-error.ts';

import type { Session } from './session-port.ts';

/** One place of a tree: JSON, as `json_serialize_sql` writes it. */
export type Node = { readonly [key: string]: unknown };

/** Says where a place stands in the text, which is no part of what a query means. */
export const PLACE = 'query_location';

const ONE_SELECT = "a step's query is one SELECT; other statements are not allowed";
const PIVOT_VALUES =
  "a PIVOT must name its values, for its columns would depend on the rows: pivot t on x in ('a', 'b') using sum(y)";

/** The one query of a text. @throws StepError SQL_ERROR, SQL_NOT_ALLOWED */
export async function treeOf(session: Session, text: string): Promise<Node> {
  const parsed = await parsedBy(session, text);
  if (parsed['error'] === true) {
    throw explainParse(parsed, text);
  }
  const statements = parsed['statements'] as readonly Node[];
  if (statements.length !== 1) {
    throw new QueryError(
      'SQL_NOT_ALLOWED',
      `a step's query is one SELECT; this text has ${statements.length} statements`,
      { text },
    );
  }
  return (statements[0] as Node)['node'] as Node;
}

/** The tree of a text of ours made from a user's; undefined where it is not one query. */
export async function treeIfAny(session: Session, text: string): Promise<Node | undefined> {
  const parsed = await parsedBy(session, text);
  const statements = (parsed['statements'] ?? []) as readonly Node[];
  return statements.length === 1 ? ((statements[0] as Node)['node'] as Node) : undefined;
}

/** True if two trees differ at most in where their parts stand. */
export function isSameTree(a: unknown, b: unknown): boolean {
  const text = (tree: unknown): string =>
    JSON.stringify(tree, (key, value: unknown) => (key === PLACE ? undefined : value));
  return text(a) === text(b);
}

/** What stands behind the query proper: DISTINCT, ORDER BY, LIMIT. */
export function modifiersOf(query: Node): readonly Node[] {
  return (query['modifiers'] ?? []) as readonly Node[];
}

async function parsedBy(session: Session, text: string): Promise<Node> {
  const [row] = await session.rows({
    text: 'select json_serialize_sql($q::varchar) as j',
    binds: { q: text },
  });
  return JSON.parse(String(row?.['j'])) as Node;
}

function explainParse(parsed: Node, text: string): QueryError {
  const message = String(parsed['error_message'] ?? 'the query cannot be read');
  const isOther = /Only SELECT/i.test(message);
  const said = isOther ? ONE_SELECT : message;
  const byte = isOther ? 0 : byteOf(parsed['position']);
  return new QueryError('SQL_ERROR', isOther && isPivot(text) ? PIVOT_VALUES : said, {
    text,
    byte,
  });
}

/** Without its values a PIVOT is two statements, of which the first looks for them. */
function isPivot(text: string): boolean {
  return /^[\s(]*(pivot|with|from|select)\b/i.test(text) && /\bpivot(_wider)?\b/i.test(text);
}
