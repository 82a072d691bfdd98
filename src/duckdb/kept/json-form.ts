/** JSON has no NaN and no infinities: columns that hold some write them as the texts "NaN", "Infinity", "-Infinity". */

import { quoteName, quoteText } from '../quoting.ts';
import { typeOf } from './type-text.ts';

import type { Session } from '../session.ts';
import type { Column } from '../../model/column.ts';
import type { SqlType } from './type-text.ts';

const FLOATING = /\b(FLOAT|DOUBLE)\b/;

/** What to select of a table so that each of its rows is JSON. `table` is SQL. */
export async function jsonList(
  session: Session,
  table: string,
  columns: readonly Column[],
): Promise<string> {
  const floating = columns.filter(({ type }) => FLOATING.test(type));
  const asks = floating.map(({ name, type }) => {
    const column = quoteName(name);
    return /^(FLOAT|DOUBLE)$/.test(type)
      ? `coalesce(bool_or(not isfinite(${column})), false)`
      : `coalesce(bool_or(regexp_matches(to_json(${column})::varchar, 'NaN|Infinity')), false)`;
  });
  if (asks.length === 0) return '*';
  const [told] = await session.rows(
    `select ${asks.map((ask, i) => `${ask} as c${i}`).join(', ')} from ${table}`,
  );
  const odd = new Set(floating.filter((_, i) => told?.[`c${i}`] === true));
  if (odd.size === 0) return '*';
  return columns
    .map((column) => {
      const name = quoteName(column.name);
      const form = odd.has(column) ? formOf(typeOf(column.type), 0) : undefined;
      return form === undefined ? name : `${form(name)} as ${name}`;
    })
    .join(', ');
}

type Form = (value: string) => string;

function formOf(type: SqlType, depth: number): Form | undefined {
  switch (type.kind) {
    case 'plain':
      return FLOATING.test(type.text) ? number : undefined;
    case 'list':
    case 'array': {
      const item = formOf(type.of, depth + 1);
      const each = `e${depth}`;
      return item === undefined
        ? undefined
        : (value) =>
            `list_transform(cast(${value} as ${type.of.text}[]), lambda ${each}: ${item(each)})`;
    }
    case 'map': {
      const held = formOf(type.value, depth + 1);
      const each = `e${depth}`;
      return held === undefined
        ? undefined
        : (value) =>
            `map_from_entries(list_transform(map_entries(${value}), lambda ${each}: struct_pack("key" := ${each}."key", "value" := ${held(`${each}."value"`)})))`;
    }
    case 'struct':
    case 'union':
      return withMembers(type, depth);
  }
}

function withMembers(
  { kind, members }: Extract<SqlType, { kind: 'struct' | 'union' }>,
  depth: number,
): Form | undefined {
  const forms = members.map(({ type }) => formOf(type, depth));
  if (forms.every((form) => form === undefined)) return undefined;
  // Without a name a member has none in JSON either: the engine writes them as an empty text.
  const name = (i: number): string => members[i]?.name ?? '';
  if (members.some((member) => member.name === undefined)) return undefined;
  const made = (value: string, i: number): string => forms[i]?.(value) ?? value;
  if (kind === 'union') {
    return (value) => {
      const cases = members.map((_, i) => {
        const taken = `union_extract(${value}, ${quoteText(name(i))})`;
        return `when ${quoteText(name(i))} then to_json(struct_pack(${quoteName(name(i))} := ${made(taken, i)}))`;
      });
      return `case cast(union_tag(${value}) as varchar) ${cases.join(' ')} end`;
    };
  }
  return (value) => {
    const parts = members.map(
      (_, i) =>
        `${quoteName(name(i))} := ${made(`struct_extract(${value}, ${quoteText(name(i))})`, i)}`,
    );
    return `case when ${value} is not null then struct_pack(${parts.join(', ')}) end`;
  };
}

function number(value: string): string {
  return `case when ${value} is null then null when isfinite(${value}) then to_json(${value}) when isnan(${value}) then to_json('NaN') when ${value} > 0 then to_json('Infinity') else to_json('-Infinity') end`;
}
