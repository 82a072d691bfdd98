/** What can be known of the rows that one SELECT works on: their columns, types, and whether some agree on given keys. */

import {
  bareNumber,
  callNode,
  columnNode,
  numberNode,
  selectOf,
  shapeOf,
  starNode,
  textOf,
  writtenBy,
} from './exact-tree.ts';

import type { Scalar } from '../../model/plan.ts';
import type { Column } from '../../model/column.ts';
import type { Node } from '../syntax-tree.ts';
import type { Session } from '../session-port.ts';

/** Names that stand for a query, those that are seen first come first. */
export type Ctes = readonly { readonly key: string; readonly value: Node }[];

export type Scope = {
  /** Columns that together tell rows apart as far as a query can see; undefined where they cannot be named. */
  columns(): Promise<readonly Node[] | undefined>;
  /** Type of an expression over the rows; undefined where it cannot be told. A floating-point one if it stands for several. */
  typeOf(expression: Node): Promise<string | undefined>;
  /** Whether two rows agree on all keys; undefined where it cannot be told. */
  hasTies(keys: readonly Node[], where: unknown): Promise<boolean | undefined>;
};

/** `table` is the FROM of the SELECT. */
export function scopeOf(
  session: Session,
  table: Node,
  ctes: Ctes,
  binds: Readonly<Record<string, Scalar>>,
): Scope {
  const within = (node: Node): Node => ({ ...node, cte_map: { map: ctes } });
  const described = async (list: readonly Node[]): Promise<readonly Column[] | undefined> =>
    describedBy(session, within(selectOf(list, table)), binds);
  const namedBy = async (relation: string): Promise<readonly Node[] | undefined> => {
    const found = await described([starNode(relation)]);
    return found?.map(({ name }) => columnNode(relation === '' ? [name] : [relation, name]));
  };
  const find = async (): Promise<readonly Node[] | undefined> => {
    const names = relationsOf(table);
    if (names !== undefined) {
      const parts = await Promise.all(names.map(namedBy));
      if (parts.every((part) => part !== undefined)) return parts.flat();
    }
    const all = await namedBy('');
    return all !== undefined && areDistinct(all) ? all : undefined;
  };
  let columns: Promise<readonly Node[] | undefined> | undefined;
  const types = new Map<string, Promise<string | undefined>>();
  return {
    columns: () => (columns ??= find()),
    typeOf: async (expression) => {
      const key = shapeOf(expression);
      const known = types.get(key);
      if (known !== undefined) return known;
      const type = described([{ ...expression, alias: '' }]).then(
        (found) =>
          found?.find((each) => /^(FLOAT|DOUBLE)/.test(each.type))?.type ?? found?.[0]?.type,
      );
      types.set(key, type);
      return type;
    },
    hasTies: async (keys, where) => {
      const having = {
        class: 'COMPARISON',
        type: 'COMPARE_GREATERTHAN',
        alias: '',
        left: callNode('count_star', []),
        right: numberNode(1),
      };
      const limit = { type: 'LIMIT_MODIFIER', limit: numberNode(1), offset: null };
      const node = within(
        selectOf([numberNode(1)], table, {
          where_clause: where,
          group_expressions: keys,
          group_sets: [keys.map((_, i) => bareNumber(i))],
          having,
          modifiers: [limit],
        }),
      );
      const text = await textOf(session, node);
      if (text === undefined) return undefined;
      return session
        .rows({ text, binds: bindsOf(node, binds) })
        .then((rows) => rows.length > 0)
        .catch(() => undefined);
    },
  };
}

/** The columns of a query; undefined where it cannot stand by itself. */
export async function describedBy(
  session: Session,
  node: Node,
  binds: Readonly<Record<string, Scalar>>,
): Promise<readonly Column[] | undefined> {
  const text = await writtenBy(session, node);
  if (text === undefined) return undefined;
  return session.describe({ text, binds: bindsOf(node, binds) }).catch(() => undefined);
}

/** How many columns an inner query has. */
export async function widthOf(
  session: Session,
  node: Node,
  ctes: Ctes,
  binds: Readonly<Record<string, Scalar>>,
): Promise<number | undefined> {
  const items = node['select_list'] as readonly Node[] | undefined;
  const mayBeMore = /"type":"STAR"|"function_name":"unnest"/.test(JSON.stringify(items ?? 'STAR'));
  if (items !== undefined && !mayBeMore) return items.length;
  const found = await describedBy(session, { ...node, cte_map: { map: ctes } }, binds);
  return found?.length;
}

/** The values that a part of a query uses. */
function bindsOf(
  node: unknown,
  binds: Readonly<Record<string, Scalar>>,
): Readonly<Record<string, Scalar>> {
  const used = new Set<string>();
  JSON.stringify(node, (_, value: unknown) => {
    const part = value as Node | null;
    if (typeof part === 'object' && part?.['type'] === 'VALUE_PARAMETER') {
      used.add(String(part['identifier']));
    }
    return value;
  });
  return Object.fromEntries(Object.entries(binds).filter(([name]) => used.has(name)));
}

/** The names of all tables side by side; undefined where one has none. */
function relationsOf(table: Node): readonly string[] | undefined {
  const { type } = table;
  if (type === 'JOIN') {
    const left = relationsOf(table['left'] as Node);
    const right = relationsOf(table['right'] as Node);
    return left === undefined || right === undefined ? undefined : [...left, ...right];
  }
  const name = String(table['alias'] || (type === 'BASE_TABLE' ? table['table_name'] : ''));
  return name === '' ? undefined : [name];
}

function areDistinct(columns: readonly Node[]): boolean {
  const names = columns.map((column) => String(column['column_names']).toLowerCase());
  return new Set(names).size === names.length;
}
