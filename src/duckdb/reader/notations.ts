/**
 * The notations that mean one thing, as SQL over a column of texts: which a text has, by one bit each. Pure.
 * What none of them fits is text. docs/exact.md has them as a table.
 */

import { quoteText } from '../session.ts';
import { byFormat, typeOfFormat } from './time-format.ts';

import type { Notation } from './reading.ts';

/** Bits of notations; a column has those of all its values. */
export const BIT = Object.freeze({
  integer: 1,
  decimal: 2,
  /** More than nine places, or an exponent: only as a number in binary, if that prints it. */
  binary: 4,
  date: 8,
  space: 16,
  letterT: 32,
  zoned: 64,
  local: 128,
  /** More than six places of a second. */
  nanos: 256,
  boolean: 512,
  text: 1024,
});

/** What a point in time in a given format counts as. */
const BIT_OF_TYPE = Object.freeze({
  TIMESTAMP: BIT.space | BIT.local,
  TIMESTAMP_NS: BIT.space | BIT.local | BIT.nanos,
  'TIMESTAMP WITH TIME ZONE': BIT.space | BIT.zoned,
});

const INTEGER = '-?(0|[1-9][0-9]*)';
const DECIMAL = '-?(0|[1-9][0-9]*)\\.[0-9]{1,9}';
const LONG_FRACTION = '-?(0|[1-9][0-9]*)\\.[0-9]{10,}';
/** As programs print an exponent: a sign or a fraction shows that it is none of an article number such as 1E5. */
const EXPONENT =
  '-?[1-9](\\.[0-9]+)?[eE][+-][0-9]{1,3}|-?[1-9]\\.[0-9]+[eE][0-9]{1,3}|-?[1-9]e[0-9]{2,3}';
/** Any number that JSON allows; there nothing else looks like it. */
const JSON_NUMBER = '-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?';
const CLOCK = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?';
/** An hour of a day and a minute: what others read as one. */
export const ZONE = '(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)';
const DAY = '[0-9]{4}-[0-9]{2}-[0-9]{2}';

export function matches(text: string, pattern: string): string {
  return `regexp_full_match(${text}, ${quoteText(pattern)})`;
}

/** The text with the marks of its notation made plain: `1.234,5` as `1234.5`. What does not fit becomes no number. */
export function plainNumber(text: string, { decimal, thousands }: Notation): string {
  if (decimal === '.' && thousands === undefined) return text;
  const [point, group] = [escaped(decimal), thousands === undefined ? '' : escaped(thousands)];
  const whole = group === '' ? '[0-9]+' : `([0-9]+|[0-9]{1,3}(${group}[0-9]{3})+)`;
  const ungrouped =
    thousands === undefined ? text : `replace(${text}, ${quoteText(thousands)}, '')`;
  const exponent = '([eE][+-]?[0-9]+)?';
  return `case when ${matches(text, `[+-]?(${whole}(${point}[0-9]*)?|${point}[0-9]+)${exponent}`)} then replace(${ungrouped}, ${quoteText(decimal)}, '.') else '' end`;
}

function escaped(character: string): string {
  return character.replaceAll(/[.*+?^$()[\]{}|\\/]/g, '\\$&');
}

/** The text of a point in time with seconds, which DuckDB asks for where a zone follows. */
export function withSeconds(text: string): string {
  return `regexp_replace(${text}, '^(.{16})($|[Z+-])', '\\1:00\\2')`;
}

/**
 * The end of a condition: or the text is one of the words. Of a longer list behind IN the engine makes a join, through
 * which every row goes, also where an earlier branch of a CASE has decided; of OR it would make an IN.
 */
export function orOneOf(text: string, words: readonly string[]): string {
  return words.length === 0
    ? ''
    : ` or list_contains([${words.map(quoteText).join(', ')}], ${text})`;
}

/** A condition: the texts that mean true or false. */
export function isBoolean(text: string, { trueValues, falseValues }: Notation): string {
  const words = [...trueValues, ...falseValues];
  return `(lower(${text}) in ('true', 'false')${orOneOf(text, words)})`;
}

/** A day in a format; one with a time of day is none, unless that is midnight. */
export function dayByFormat(text: string, format: string): string {
  const moment = byFormat(text, format);
  return `(case when ${moment} = date_trunc('day', ${moment}) then cast(${moment} as date) end)`;
}

/** The bit of one text, 0 for NULL and the empty text. `isJson`: the value was a number of JSON. */
export function bitOf(text: string, notation: Notation, isJson: boolean): string {
  const number = plainNumber(text, notation);
  const { dateFormat, timestampFormat } = notation;
  const dated =
    dateFormat === undefined
      ? ''
      : `when ${dayByFormat(text, dateFormat)} is not null then ${BIT.date}`;
  const timed =
    timestampFormat === undefined
      ? ''
      : `when ${byFormat(text, timestampFormat)} is not null then ${BIT_OF_TYPE[typeOfFormat(timestampFormat)]}`;
  const stamp = `${DAY}[ T]${CLOCK}${ZONE}?`;
  const zoned = matches(text, `.{16}.*${ZONE}`);
  const isTime = `case when ${zoned} then try_cast(${withSeconds(text)} as timestamptz) is not null else try_cast(${text} as timestamp) is not null end`;
  return `case
    when ${text} is null or ${text} = '' then 0
    when ${matches(number, INTEGER)} then ${BIT.integer}
    when ${matches(number, DECIMAL)} then ${BIT.decimal}
    when ${matches(number, isJson ? JSON_NUMBER : `${LONG_FRACTION}|${EXPONENT}`)} then ${BIT.binary}
    when ${isBoolean(text, notation)} then ${BIT.boolean}
    ${dated}
    ${timed}
    when ${matches(text, DAY)} and left(${text}, 4) <> '0000'
      then case when try_cast(${text} as date) is not null then ${BIT.date} else ${BIT.text} end
    when ${matches(text, stamp)} and left(${text}, 4) <> '0000'
      then case when ${isTime} then
        (case when ${text}[11] = 'T' then ${BIT.letterT} else ${BIT.space} end)
        + (case when ${zoned} then ${BIT.zoned} else ${BIT.local} end)
        + (case when ${matches(text, '.*\\.[0-9]{7,}.*')} then ${BIT.nanos} else 0 end)
        else ${BIT.text} end
    else ${BIT.text} end`;
}
