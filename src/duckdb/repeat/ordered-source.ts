/**
 * Aggregates that follow the order of an ordered subquery. The engine only keeps it for them while few rows come in one
 * thread, so the rows get their place as a column, by which the aggregates are ordered.
 */

import { columnNode, exactTreeOf, orderNode, selectOf, starNode } from './exact-tree.ts';
import { describedBy } from './scope.ts';

import type { Scalar } from '../../model/plan.ts';
import type { Ctes } from './scope.ts';
import type { Node } from '../syntax-tree.ts';
import type { Session } from '../session-port.ts';

/** No column of a user's has this name. */
const PLACE = '_builder_place';

/** Entry of an ORDER BY: the place of a row. */
export function byPlace(): Node {
  return orderNode(columnNode([PLACE]));
}

/** True if a part of the query names all columns of what it reads: it would see the place. */
function seesAllColumns(query: Node): boolean {
  const { from_table: _, cte_map: __, ...rest } = query;
  return JSON.stringify(rest).includes('"type":"STAR"');
}

/**
 * `made`, with the place of each row; its name, and those of its columns, are what they were. Undefined where the query
 * would see the place, or where what it reads depends on the row of a query around it: its rows come in no order then.
 */
export async function withPlaces(
  session: Session,
  made: Node,
  about: {
    readonly query: Node;
    readonly from: Node | undefined;
    readonly ctes: Ctes;
    readonly binds: Readonly<Record<string, Scalar>>;
  },
): Promise<Node | undefined> {
  const { query, from, ctes, binds } = about;
  if (from === undefined || seesAllColumns(query)) return undefined;
  const alone = { ...selectOf([starNode()], from), cte_map: { map: ctes } };
  if ((await describedBy(session, alone, binds)) === undefined) return undefined;
  const whole = await exactTreeOf(
    session,
    `select * from (select *, row_number() over () as ${PLACE} from t)`,
  );
  const outer = whole?.['from_table'] as Node | undefined;
  const subquery = outer?.['subquery'] as { readonly node: Node } | undefined;
  if (outer === undefined || subquery === undefined) return undefined;
  const name = String(from['alias'] || (from['type'] === 'BASE_TABLE' ? from['table_name'] : ''));
  const node = { ...subquery.node, from_table: made };
  return { ...outer, alias: name, subquery: { ...subquery, node } };
}
