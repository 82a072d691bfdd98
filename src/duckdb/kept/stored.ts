/**
 * How a value of each type stands in a Parquet file so that it is the same value when it is read again. Pure.
 *
 * 1. Types that Parquet keeps are left as they are, so most tables are written as if this were not here.
 * 2. Any other is written in a form that has all its values, or the table is refused before a file is there.
 */

import { quoteName, quoteText } from '../quoting.ts';
import { StepError } from '../../model/step-error.ts';
import { typeOf } from './type-text.ts';

import type { SqlType } from './type-text.ts';

/** `store` and `restore` make an expression of one; `column` is the name to tell in an error. */
export type StoredForm = {
  readonly type: string;
  store(value: string, column: string): string;
  restore(value: string): string;
};

/** In the message of the engine's error, before the words for the column and its value. */
export const UNKEPT = 'builder-unkept:';

/** Types that come out of Parquet as what they went in. */
const KEPT =
  /^(BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT)|FLOAT|DOUBLE|DECIMAL\(.*\)|VARCHAR|BLOB|UUID|JSON|DATE|TIME|TIMESTAMP|TIMESTAMP_NS|TIMESTAMP WITH TIME ZONE|"?NULL"?)$/;
/** Each value is told apart by its text, which reads as the value again. */
const AS_TEXT = /^(BIGNUM|VARINT|TIME_NS|TIME WITH TIME ZONE|BIT|ENUM\(.*\))$/s;
const AS_TIMESTAMP = /^TIMESTAMP_(S|MS)$/;
const WHOLE = /^U?HUGEINT$/;
const LONG = 'a whole number of more than 38 digits; cast it to VARCHAR or DOUBLE';
/** The most digits that Parquet has. */
const LARGEST = '9'.repeat(38);

/** The form in which a type is stored; undefined where that is the type itself. @throws StepError VALUE_NOT_KEPT */
export function storedForm(type: string, column: string): StoredForm | undefined {
  return formOf(typeOf(type), column, 0);
}

function formOf(type: SqlType, column: string, depth: number): StoredForm | undefined {
  switch (type.kind) {
    case 'plain':
      return plainForm(type.text, column);
    case 'list':
    case 'array':
      return listForm(type, column, depth);
    case 'map':
      return mapForm(type, column, depth);
    case 'struct':
      return structForm(type, column, depth);
    case 'union':
      return unionForm(type, column, depth);
  }
}

function plainForm(type: string, column: string): StoredForm | undefined {
  if (KEPT.test(type)) return undefined;
  const restore = (value: string): string => `cast(${value} as ${type})`;
  const cast = (to: string): StoredForm => ({
    type: to,
    store: (value) => `cast(${value} as ${to})`,
    restore,
  });
  if (AS_TEXT.test(type)) return cast('VARCHAR');
  if (type === 'INTERVAL') {
    const odd = 'an interval that its text does not give back; give it as numbers';
    return {
      type: 'VARCHAR',
      store: (value, name) =>
        `case when cast(try_cast(cast(${value} as varchar) as interval) as varchar) is distinct from cast(${value} as varchar) then ${refusal(name, odd)} else cast(${value} as varchar) end`,
      restore,
    };
  }
  if (AS_TIMESTAMP.test(type)) return cast('TIMESTAMP');
  if (WHOLE.test(type)) {
    // Unsigned ones have no lower end to look at.
    const isTooLow = (value: string): string =>
      type === 'HUGEINT' ? ` or ${value} < -${LARGEST}::hugeint` : '';
    return {
      type: 'DECIMAL(38,0)',
      store: (value, name) =>
        `case when ${value} > ${LARGEST}::${type}${isTooLow(value)} then ${refusal(name, LONG)} else cast(${value} as decimal(38, 0)) end`,
      restore,
    };
  }
  throw new StepError(
    'VALUE_NOT_KEPT',
    `column '${column}' is of type ${type}, which cannot be passed on; cast it to VARCHAR or BLOB in the query`,
  );
}

function refusal(column: string, words: string): string {
  return `error(${quoteText(`${UNKEPT}column '${column}' holds ${words} in the query`)})`;
}

function listForm(
  { kind, text, of }: Extract<SqlType, { kind: 'list' | 'array' }>,
  column: string,
  depth: number,
): StoredForm | undefined {
  const item = formOf(of, column, depth + 1);
  if (kind === 'list' && item === undefined) return undefined;
  const each = `e${depth}`;
  const mapped = (list: string, made: string): string =>
    `list_transform(${list}, lambda ${each}: ${made})`;
  return {
    type: `${item?.type ?? of.text}[]`,
    store: (value, name) => {
      const list = kind === 'array' ? `cast(${value} as ${of.text}[])` : value;
      return item === undefined ? list : mapped(list, item.store(each, name));
    },
    restore: (value) =>
      `cast(${item === undefined ? value : mapped(value, item.restore(each))} as ${text})`,
  };
}

function mapForm(
  { text, key, value: held }: Extract<SqlType, { kind: 'map' }>,
  column: string,
  depth: number,
): StoredForm | undefined {
  const [k, v] = [key, held].map((type) => formOf(type, column, depth + 1));
  if (k === undefined && v === undefined) return undefined;
  const each = `e${depth}`;
  const mapped = (value: string, made: (part: 'key' | 'value') => string): string =>
    `map_from_entries(list_transform(map_entries(${value}), lambda ${each}: struct_pack("key" := ${made('key')}, "value" := ${made('value')})))`;
  const form = (part: 'key' | 'value'): StoredForm | undefined => (part === 'key' ? k : v);
  const taken = (part: string): string => `struct_extract(${each}, '${part}')`;
  return {
    type: `MAP(${k?.type ?? key.text}, ${v?.type ?? held.text})`,
    store: (value, name) =>
      mapped(value, (part) => form(part)?.store(taken(part), name) ?? taken(part)),
    restore: (value) =>
      `cast(${mapped(value, (part) => form(part)?.restore(taken(part)) ?? taken(part))} as ${text})`,
  };
}

function structForm(
  { text, members }: Extract<SqlType, { kind: 'struct' | 'union' }>,
  column: string,
  depth: number,
): StoredForm | undefined {
  const forms = members.map(({ type }) => formOf(type, column, depth));
  if (forms.every((form) => form === undefined)) return undefined;
  const name = (i: number): string => members[i]?.name ?? `f${i + 1}`;
  const taken = (value: string, i: number): string =>
    members[i]?.name === undefined
      ? `struct_extract_at(${value}, ${i + 1})`
      : `struct_extract(${value}, ${quoteText(name(i))})`;
  return {
    type: `STRUCT(${members.map(({ type }, i) => `${quoteName(name(i))} ${forms[i]?.type ?? type.text}`).join(', ')})`,
    store: (value, told) => {
      const parts = members.map(
        (_, i) =>
          `${quoteName(name(i))} := ${forms[i]?.store(taken(value, i), told) ?? taken(value, i)}`,
      );
      return `case when ${value} is not null then struct_pack(${parts.join(', ')}) end`;
    },
    restore: (value) => {
      const parts = members.map((member, i) => {
        const stored = `struct_extract(${value}, ${quoteText(name(i))})`;
        const made = forms[i]?.restore(stored) ?? stored;
        return member.name === undefined ? made : `${quoteName(name(i))} := ${made}`;
      });
      const packed = `${members[0]?.name === undefined ? 'row' : 'struct_pack'}(${parts.join(', ')})`;
      return `case when ${value} is not null then cast(${packed} as ${text}) end`;
    },
  };
}

/** A struct of the name of the member that is set, and all members. */
function unionForm(
  { text, members }: Extract<SqlType, { kind: 'struct' | 'union' }>,
  column: string,
  depth: number,
): StoredForm | undefined {
  const forms = members.map(({ type }) => formOf(type, column, depth));
  const name = (i: number): string => members[i]?.name ?? '';
  return {
    type: `STRUCT("tag" VARCHAR, ${members.map(({ type }, i) => `${quoteName(`is_${name(i)}`)} ${forms[i]?.type ?? type.text}`).join(', ')})`,
    store: (value, told) => {
      const parts = members.map((_, i) => {
        const taken = `union_extract(${value}, ${quoteText(name(i))})`;
        return `${quoteName(`is_${name(i)}`)} := ${forms[i]?.store(taken, told) ?? taken}`;
      });
      return `case when union_tag(${value}) is not null then struct_pack("tag" := cast(union_tag(${value}) as varchar), ${parts.join(', ')}) end`;
    },
    restore: (value) => {
      const cases = members.map((_, i) => {
        const taken = `struct_extract(${value}, ${quoteText(`is_${name(i)}`)})`;
        return `when ${quoteText(name(i))} then cast(union_value(${quoteName(name(i))} := ${forms[i]?.restore(taken) ?? taken}) as ${text})`;
      });
      return `case struct_extract(${value}, 'tag') ${cases.join(' ')} end`;
    },
  };
}
