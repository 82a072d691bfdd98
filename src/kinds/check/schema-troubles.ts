/** Which rules cannot hold, or cannot be judged, on tables whose columns are known before anything runs. Pure. */

import { canonicalType } from './type-names.ts';
import { contractTrouble, entriesOf } from './contract-columns.ts';
import { landingOf } from './landing.ts';
import { pairOf } from './pair.ts';
import { kindOf } from './rule.ts';
import { classOf, wordFor } from './type-class.ts';

import type { Scalar } from '../../model/plan.ts';
import type { KnownTable, KnownTables } from '../contract.ts';
import type { Rule } from './rule.ts';
import type { Trouble } from './sense.ts';

type Path = readonly (string | number)[];

/** What is wrong with the rules for `table`. What is not known has no say. */
export function tableTroubles(
  table: string,
  checks: readonly Rule[],
  tables: KnownTables,
): readonly Trouble[] {
  const known = tables[table];
  if (known === undefined) return [];
  return checks.flatMap((rule, i) =>
    ruleTroubles(rule, known, { table, tables }).map(({ path, message }) => ({
      path: ['checks', i, ...path],
      message,
    })),
  );
}

function ruleTroubles(
  rule: Rule,
  known: KnownTable,
  { table, tables }: { readonly table: string; readonly tables: KnownTables },
): readonly Trouble[] {
  const kind = kindOf(rule);
  const look = (name: string, path: Path, in_ = known, of = table) => lookUp(name, path, in_, of);
  switch (kind) {
    case 'not_null':
    case 'unique':
    case 'not_empty': {
      const names = rule[kind];
      if (names === true || names === undefined) return [];
      return names.flatMap((name, i) => look(name, [kind, i]).troubles);
    }
    case 'accepted_values': {
      const { column, values } = rule.accepted_values!;
      const { type, troubles } = judged(look(column, [kind, 'column']));
      if (type === undefined) return troubles;
      return unlike(values, column, type).map(({ at, message }) => ({
        path: [kind, 'values', at],
        message,
      }));
    }
    case 'range': {
      const { column, min, max } = rule.range!;
      const { type, troubles } = judged(look(column, [kind, 'column']));
      if (type === undefined) return troubles;
      return unlike([min ?? null, max ?? null], column, type).map(({ at, message }) => ({
        path: [kind, at === 0 ? 'min' : 'max'],
        message,
      }));
    }
    case 'pattern':
    case 'freshness': {
      const { column } = rule[kind]!;
      const { type, troubles } = judged(look(column, [kind, 'column']));
      if (type === undefined) return troubles;
      const fit = kind === 'pattern' ? ['text', 'choice'] : ['date', 'moment'];
      if (fit.includes(classOf(type).kind)) return [];
      const wants =
        kind === 'pattern' ? 'a pattern is for text' : 'freshness is for dates and timestamps';
      return [
        { path: [kind, 'column'], message: `column '${column}' is ${wordFor(type)}; ${wants}` },
      ];
    }
    case 'relationships': {
      const { column, to, field } = rule.relationships!;
      const left = look(column, [kind, 'column']);
      const other = tables[to];
      const right = other === undefined ? NOTHING : look(field, [kind, 'field'], other, to);
      const troubles = [...left.troubles, ...right.troubles];
      if (left.type === undefined || right.type === undefined) return troubles;
      const pair = pairOf(
        { name: `column '${column}'`, type: left.type },
        { name: `${to}.${field}`, type: right.type },
      );
      return 'unlike' in pair ? [{ path: [kind, 'column'], message: pair.unlike }] : [];
    }
    case 'columns': {
      const { exact, at_least: atLeast } = rule.columns!;
      const key = exact === undefined ? 'at_least' : 'exact';
      const wanted = entriesOf(exact ?? atLeast ?? []).flatMap(([name, type]) => {
        const named = type === null ? null : canonicalType(type);
        const isKnown = known.isAll || known.columns.some((each) => same(each.name, name));
        return isKnown ? [[name, named ?? null] as const] : [];
      });
      const columns = known.columns.map(({ name, type }) => ({
        name,
        type: type === undefined ? undefined : canonicalType(type),
      }));
      const message = contractTrouble(wanted, exact !== undefined && known.isAll, columns);
      return message === undefined ? [] : [{ path: [kind, key], message }];
    }
    case 'same_as':
      return sameTroubles(rule.same_as!, { name: table, known }, tables);
    case 'expression':
    case 'row_count':
    case 'sql':
      return [];
  }
}

/** Columns that two tables are to agree in, and that one of them does not have or that cannot be compared. */
function sameTroubles(
  { table: other, by, columns }: NonNullable<Rule['same_as']>,
  { name, known }: { readonly name: string; readonly known: KnownTable },
  tables: KnownTables,
): readonly Trouble[] {
  const theirs = tables[other];
  if (by === 'row_count') return [];
  const named = (of: KnownTable) => of.columns.map((column) => column.name);
  if (columns === undefined && theirs?.isAll === true && known.isAll) {
    const lacks = (a: KnownTable, b: KnownTable) =>
      named(a).filter((each) => !named(b).some((one) => same(one, each)));
    const only = [
      [name, lacks(known, theirs)] as const,
      [other, lacks(theirs, known)] as const,
    ].filter(([, names]) => names.length > 0);
    if (only.length > 0) {
      const words = only.map(([of, names]) => `only ${of} has ${names.join(', ')}`).join('; ');
      const message = `they have not the same columns: ${words}; name those to compare under columns`;
      return [{ path: ['same_as', 'table'], message }];
    }
  }
  return (columns ?? named(known)).flatMap((column, i) => {
    const path = columns === undefined ? ['same_as', 'table'] : ['same_as', 'columns', i];
    const ours = lookUp(column, path, known, name);
    const right = theirs === undefined ? NOTHING : lookUp(column, path, theirs, other);
    const troubles = [...ours.troubles, ...right.troubles].slice(0, 1);
    if (ours.type === undefined || right.type === undefined) return troubles;
    const pair = pairOf(
      { name: `${name}.${column}`, type: ours.type },
      { name: `${other}.${column}`, type: right.type },
    );
    return 'unlike' in pair ? [{ path, message: pair.unlike }] : [];
  });
}

type Found = {
  readonly type: string | undefined;
  /** The type as it stands, where it is none that is known here by name. */
  readonly written?: string;
  readonly troubles: readonly Trouble[];
};

/** Lists, structs and maps are no type of a scalar, whatever is in them. */
function judged({ type, written = '', troubles }: Found): Found {
  const isNested = /\[\d*\]$|^(STRUCT|MAP|UNION) ?\(/i.test(written);
  return { type: type ?? (isNested ? written : undefined), troubles };
}

const NOTHING: Found = Object.freeze({ type: undefined, troubles: [] });

function lookUp(name: string, path: Path, table: KnownTable, of: string): Found {
  const found = table.columns.find((column) => same(column.name, name));
  if (found !== undefined) {
    const written = found.type;
    if (written === undefined) return NOTHING;
    return { type: canonicalType(written), written, troubles: [] };
  }
  if (!table.isAll) return NOTHING;
  const names = table.columns.map((column) => column.name).join(', ');
  return {
    type: undefined,
    troubles: [{ path, message: `there is no column '${name}'; ${of} has ${names}` }],
  };
}

/** The first value that has no comparison with a column of the type; those known only later have no say. */
function unlike(
  values: readonly Scalar[],
  column: string,
  type: string,
): readonly { readonly at: number; readonly message: string }[] {
  const found = values.flatMap((value, at) => {
    if (value === null || typeof value === 'object') return [];
    const landing = landingOf(value, column, type);
    return 'unlike' in landing ? [{ at, message: landing.unlike }] : [];
  });
  return found.slice(0, 1);
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
