/**
 * A query whose inner choices are made by all columns, so that the same rows give the same result: LIMIT and DISTINCT ON
 * of subqueries, windows and aggregates that see the order of rows. What cannot be completed is named with its place.
 */

import { AGGREGATE_MACROS, AGGREGATES } from './engine-words.ts';
import {
  cteOf,
  filledIn,
  isGrouped,
  isOrderedSource,
  isSortedList,
  keysOf,
  keysOfJoin,
  lacking,
  listOf,
  nameOfCall,
  withGroupsSaid,
} from './query-parts.ts';
import { collationIn } from './collations.ts';
import { isJudgedByType, seesOrder } from './aggregates.ts';
import {
  exactTreeOf,
  nameOf,
  numberNode,
  offsetOf,
  orderNode,
  shapeOf,
  textOf,
} from './exact-tree.ts';
import { byPlace, withPlaces } from './ordered-source.ts';
import { withoutSorting } from './quick-aggregates.ts';
import { scopeOf, widthOf } from './scope.ts';
import { needOf } from './windows.ts';

import type { Ctes, Scope } from './scope.ts';
import type { Node } from '../syntax-tree.ts';
import type { Session } from '../session-port.ts';
import type { Sql } from '../../model/attempt-inputs.ts';

export type Completed = {
  readonly text: string;
  /** What was chosen for the query's author, for the log. */
  readonly notes: readonly string[];
  /** What may still differ, each with its place. */
  readonly open: readonly string[];
};

/** Aggregates that follow the order of an ordered subquery, as the engine keeps it for them. */
const FOLLOWS = new Set(
  'first last any_value arbitrary list array_agg string_agg group_concat listagg'.split(' '),
);

type Place = {
  readonly ctes: Ctes;
  readonly isTop: boolean;
  readonly scope?: Scope;
  readonly where?: unknown;
  /** Of a SELECT that groups: what tells its rows apart; undefined where that cannot be said. */
  readonly keys?: { readonly of: readonly Node[] | undefined };
  /** Of what reads an ordered subquery: told if its order is to be followed. False: it cannot be. */
  readonly follow?: () => boolean;
};

/** `placeOf` tells where a byte of the text stands, in words for people. @throws StepError SQL_ERROR */
export async function completed(
  session: Session,
  { text, binds }: Sql,
  placeOf: (byte: number) => string,
): Promise<Completed> {
  const tree = await exactTreeOf(session, text);
  if (tree === undefined) return { text, notes: [], open: [] };
  const notes: string[] = [];
  const open: string[] = [];
  const done: string[] = [];
  const told = (node: Node): string => {
    const offset = offsetOf(node);
    return offset === undefined ? '' : placeOf(offset);
  };
  const leave = (node: Node, words: string): void => void open.push(`${told(node)}${words}`);
  const complete = (node: Node, words: string): void => void done.push(`${told(node)}${words}`);

  const visit = async (value: unknown, at: Place): Promise<unknown> => {
    if (Array.isArray(value)) {
      const all: unknown[] = [];
      for (const item of value) all.push(await visit(item, at));
      return all;
    }
    if (typeof value !== 'object' || value === null) return value;
    const node = value as Node;
    switch (node['type']) {
      case 'SELECT_NODE':
      case 'SET_OPERATION_NODE':
      case 'RECURSIVE_CTE_NODE':
        return query(node, at);
      case 'JOIN':
        await joined(node, at);
        return children(node, at);
      case 'PIVOT':
        return pivoted(node, at);
      case 'SHOW_REF':
        if (node['show_type'] === 'SUMMARY') {
          leave(node, 'SUMMARIZE estimates, and rounds otherwise with each order of the rows');
        }
        return children(node, at);
      case 'FUNCTION':
        return called(node, at);
      default:
        return String(node['class']) === 'WINDOW' ? windowed(node, at) : children(node, at);
    }
  };
  const children = async (node: Node, at: Place, but: readonly string[] = []): Promise<Node> => {
    const made: Record<string, unknown> = {};
    for (const [key, child] of Object.entries(node)) {
      made[key] = but.includes(key) ? child : await visit(child, at);
    }
    return made;
  };

  const query = async (node: Node, { ctes: outer, isTop }: Place): Promise<Node> => {
    let ctes = outer;
    const map: Node[] = [];
    for (const cte of (node['cte_map'] as { readonly map: Ctes }).map) {
      const made = (await visit(cte.value, { ctes, isTop: false })) as Node;
      ctes = [...ctes.filter(({ key }) => key !== cte.key), cte];
      map.push({ ...cte, value: made });
    }
    const inside = { ctes, isTop: false };
    const collation = collationIn(node['select_list']);
    if (collation !== undefined) {
      leave(collation, 'which of the texts that a collation calls equal is kept, or comes first');
    }
    const from = node['from_table'] as Node | undefined;
    const source = from === undefined ? undefined : ((await visit(from, inside)) as Node);
    const isOrdered = from !== undefined && isOrderedSource(from, ctes);
    let isFollowed = false;
    const about = { query: node, from, ctes, binds };
    const placed = isOrdered && source ? await withPlaces(session, source, about) : undefined;
    const at: Place =
      from === undefined
        ? inside
        : {
            ...inside,
            scope: scopeOf(session, from, ctes, binds),
            where: node['where_clause'],
            ...(isOrdered ? { follow: () => (isFollowed = placed !== undefined) } : {}),
            ...(isGrouped(node) ? { keys: { of: keysOf(node) } } : {}),
          };
    const made: Record<string, unknown> = {
      ...(await children(node, at, ['cte_map', 'from_table', 'select_list'])),
      cte_map: { map },
      ...(from === undefined ? {} : { from_table: source }),
      ...(from === undefined ? {} : { select_list: await named(listOf(node['select_list']), at) }),
    };
    if (isFollowed) made['from_table'] = placed;
    const keys = at.keys?.of;
    const isByAll = node['aggregate_handling'] === 'FORCE_AGGREGATES';
    const grouped =
      isByAll && keys !== undefined && shapeOf(made['select_list']) !== shapeOf(node['select_list'])
        ? withGroupsSaid(made, keys)
        : made;
    return isTop ? grouped : { ...grouped, modifiers: await ordered(node, grouped, ctes) };
  };

  /** An item keeps the name that it had. */
  const named = async (list: readonly Node[], at: Place): Promise<readonly Node[]> => {
    const made: Node[] = [];
    for (const item of list) {
      const visited = (await visit(item, at)) as Node;
      const isSame = item['alias'] !== '' || shapeOf(item) === shapeOf(visited);
      made.push(isSame ? visited : { ...visited, alias: await nameOf(session, item) });
    }
    return made;
  };

  /** Of one aggregate the columns of a PIVOT have no name, of several they have. */
  const pivoted = async (node: Node, at: Place): Promise<Node> => {
    const list = listOf(node['aggregates']);
    const made = await children(node, at, list.length > 1 ? ['aggregates'] : []);
    return list.length > 1 ? { ...made, aggregates: await named(list, at) } : made;
  };

  /** The modifiers of an inner query, with its order completed. */
  const ordered = async (node: Node, made: Node, ctes: Ctes): Promise<readonly Node[]> => {
    const modifiers = made['modifiers'] as readonly Node[];
    const order = modifiers.find(({ type }) => type === 'ORDER_MODIFIER');
    const isCut = modifiers.some(
      (each) =>
        /LIMIT/.test(String(each['type'])) || listOf(each['distinct_on_targets']).length > 0,
    );
    const own = listOf(order?.['orders']);
    if (!isCut && own.length === 0) return modifiers;
    if (own.some((entry) => (entry['expression'] as Node)['type'] === 'STAR')) return modifiers;
    const width = await widthOf(session, node, ctes, binds);
    if (width === undefined) {
      if (isCut) leave(node, 'a LIMIT or DISTINCT ON in a subquery chooses among rows that tie');
      return modifiers;
    }
    complete(node, 'a LIMIT or DISTINCT ON in a subquery');
    const places = Array.from({ length: width }, (_, i) => orderNode(numberNode(i + 1)));
    const whole = { type: 'ORDER_MODIFIER', orders: [...own, ...places] };
    if (order !== undefined) return modifiers.map((each) => (each === order ? whole : each));
    const cuts = modifiers.findIndex(({ type }) => /LIMIT/.test(String(type)));
    const before = cuts < 0 ? modifiers.length : cuts;
    return [...modifiers.slice(0, before), whole, ...modifiers.slice(before)];
  };

  const called = async (node: Node, at: Place): Promise<Node> => {
    const name = nameOfCall(node);
    const args = listOf(node['children']);
    const macro = Object.hasOwn(AGGREGATE_MACROS, name) ? AGGREGATE_MACROS[name] : undefined;
    if (macro !== undefined && macro.parameters.length === args.length) {
      const body = await exactTreeOf(session, `select ${macro.body}`);
      const [only] = listOf(body?.['select_list']);
      const given = new Map(macro.parameters.map((parameter, i) => [parameter, args[i]]));
      if (only !== undefined) {
        return visit(
          { ...(filledIn(only, given) as Node), alias: node['alias'] },
          at,
        ) as Promise<Node>;
      }
    }
    if (isSortedList(node)) {
      const [list, ...rest] = args;
      return { ...node, children: [await children(list!, at), ...rest] };
    }
    const made = await children(node, at);
    if (!AGGREGATES.has(name)) return made;
    const order = made['order_bys'] as { readonly orders: readonly Node[] };
    const added = lacking(order.orders, listOf(made['children']));
    if (added.length === 0) return made;
    const type =
      isJudgedByType(name) && args[0] !== undefined ? await at.scope?.typeOf(args[0]) : undefined;
    if (!seesOrder(name, type)) return made;
    const isPlain = FOLLOWS.has(name) && order.orders.length === 0 && made['distinct'] !== true;
    if (at.follow !== undefined && isPlain) {
      const words = `${name}() over the rows of an ordered subquery`;
      if (!at.follow()) {
        leave(node, words);
        return made;
      }
      complete(node, words);
      return { ...made, order_bys: { type: 'ORDER_MODIFIER', orders: [byPlace()] } };
    }
    complete(node, `${name}() over rows in any order`);
    if (FOLLOWS.has(name) && !/^any_|^arb/.test(name) && order.orders.length === 0) {
      notes.push(
        `${told(node)}${name}() without an ORDER BY inside takes its rows in the order of their values; write ${name}(x order by key) for another`,
      );
    }
    const quick = order.orders.length === 0 ? withoutSorting(made) : undefined;
    if (quick !== undefined) return quick;
    return { ...made, order_bys: { type: 'ORDER_MODIFIER', orders: [...order.orders, ...added] } };
  };

  const windowed = async (node: Node, at: Place): Promise<Node> => {
    const made = await children(node, at);
    const name = nameOfCall(node);
    const args = listOf(node['children']);
    const type =
      isJudgedByType(name) && args[0] !== undefined ? await at.scope?.typeOf(args[0]) : undefined;
    const need = needOf(node, type);
    // Of the window as it now is: what it orders by may have been completed itself.
    const [orders, inArgument] = [listOf(made['orders']), listOf(made['arg_orders'])];
    const columns = async (): Promise<readonly Node[] | undefined> =>
      at.keys === undefined ? at.scope?.columns() : at.keys.of;
    switch (need.kind) {
      case 'none':
        return made;
      case 'argument by arguments': {
        complete(node, `${name}() over rows in any order`);
        const own = inArgument.length > 0 ? inArgument : orders;
        return { ...made, arg_orders: [...own, ...lacking(own, listOf(made['children']))] };
      }
      case 'rows':
      case 'argument by columns': {
        const all = await columns();
        if (all === undefined) {
          leave(node, `${name}() over (...) chooses among rows that tie`);
          return made;
        }
        const partitions = listOf(made['partitions']).map((key) => orderNode(key));
        const own = need.kind === 'rows' || inArgument.length === 0 ? orders : inArgument;
        const added = lacking([...own, ...partitions], all);
        if (added.length === 0 && need.kind === 'rows') return made;
        complete(node, `${name}() over rows that tie`);
        const whole = [...own, ...added];
        return need.kind === 'rows' ? { ...made, orders: whole } : { ...made, arg_orders: whole };
      }
      case 'ties matter': {
        const keys = [...listOf(made['partitions']), ...orders.map((o) => o['expression'] as Node)];
        const groups = at.keys?.of && lacking(keys.map(orderNode), at.keys.of).length > 0;
        const ties = at.keys === undefined ? await at.scope?.hasTies(keys, at.where) : groups;
        if (ties !== false)
          leave(node, `${name}() over (...) answers otherwise with each order of rows that tie`);
        return made;
      }
    }
  };

  /** Looks at joins that choose one of several rows. */
  const joined = async (node: Node, { ctes }: Place): Promise<void> => {
    const sides = [node['left'] as Node, node['right'] as Node];
    if (node['ref_type'] === 'POSITIONAL') {
      const isSteady = sides.every((side) => side['type'] === 'BASE_TABLE' && !cteOf(side, ctes));
      if (!isSteady) leave(sides[1]!, 'a POSITIONAL JOIN pairs rows that come in any order');
    }
    if (node['ref_type'] !== 'ASOF') return;
    const right = scopeOf(session, sides[1]!, ctes, binds);
    const keys: Node[] = [];
    for (const key of keysOfJoin(node)) {
      if ((await right.typeOf(key)) !== undefined) keys.push(key);
    }
    if (keys.length === 0 || (await right.hasTies(keys, null)) !== false) {
      leave(sides[1]!, 'an ASOF JOIN chooses among rows that match equally well');
    }
  };

  const made = (await visit(tree, { ctes: [], isTop: true })) as Node;
  if (done.length === 0) return { text, notes, open };
  const written = await textOf(session, made);
  const isSame = written !== undefined && (await hasSameColumns(session, written, { text, binds }));
  return isSame ? { text: written, notes, open } : { text, notes: [], open: [...open, ...done] };
}

async function hasSameColumns(session: Session, written: string, sql: Sql): Promise<boolean> {
  const before = await session.describe(sql);
  const after = await session.describe({ ...sql, text: written }).catch(() => undefined);
  return JSON.stringify(before) === JSON.stringify(after);
}
