/**
 * Where a value of an option lands among the values of a column: the one place that decides how an option is compared
 * with a column. Compared is always in the column's own type, so nothing is rounded. Pure.
 */

import { quoteText } from '../../duckdb/session.ts';
import { decimalText, doubleFloor, exactNumber, floorAt } from './exact-number.ts';
import { dayText, momentOf, momentText } from './moment.ts';
import { classOf, wordFor } from './type-class.ts';

import type { Scalar } from '../../model/plan.ts';
import type { TypeClass } from './type-class.ts';

/**
 * `at`: SQL of the column type's largest value that is not above; `exact` if it is the value itself. `beyond`: it lies
 * above or below all values of the type. `unlike`: there is no honest comparison; why, and what to do.
 */
export type Landing =
  | { readonly at: string; readonly exact: boolean }
  | { readonly beyond: 'above' | 'below' }
  | { readonly unlike: string };

const WORDS = /^([+-]?)(inf|infinity|nan)$/i;
const TIME = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Seconds that a TIMESTAMP_NS can hold. */
const NS_SECONDS = 9_223_372_036;

/** Where `value` lands in a column called `column` of this type. */
export function landingOf(value: Scalar, column: string, type: string): Landing {
  const of = classOf(type);
  return land(value, of, type) ?? { unlike: whyNot(value, of, column, type) };
}

function land(value: Scalar, of: TypeClass, type: string): Landing | undefined {
  const text = typeof value === 'string' ? value : undefined;
  switch (of.kind) {
    case 'exact':
    case 'binary':
      return typeof value === 'number' || text !== undefined
        ? landNumber(String(value), of, type)
        : undefined;
    case 'date':
    case 'moment':
      return text === undefined ? undefined : landMoment(text, of, type);
    case 'text':
    case 'choice':
      return text === undefined ? undefined : { at: quoteText(text), exact: true };
    case 'boolean':
      return typeof value === 'boolean' ? { at: String(value), exact: true } : undefined;
    case 'time':
      return text !== undefined && TIME.test(text) ? castTo(text, type) : undefined;
    case 'uuid':
      return text !== undefined && UUID.test(text) ? castTo(text, type) : undefined;
    case 'other':
      return undefined;
  }
}

function landNumber(
  text: string,
  of: Extract<TypeClass, { kind: 'exact' | 'binary' }>,
  type: string,
): Landing | undefined {
  const number = exactNumber(text);
  if (of.kind === 'binary') {
    if (WORDS.test(text.trim())) return castTo(text.trim(), 'DOUBLE');
    if (number === undefined) return undefined;
    const { value, exact } = doubleFloor(number);
    return castTo(String(value), 'DOUBLE', exact);
  }
  if (number === undefined) return undefined;
  const { units, exact } = floorAt(number, of.scale);
  if (of.most !== undefined && units > of.most) return { beyond: 'above' };
  if (of.least !== undefined && units < of.least) return { beyond: 'below' };
  return castTo(decimalText(units, of.scale), type, exact);
}

function landMoment(
  text: string,
  of: Extract<TypeClass, { kind: 'date' | 'moment' }>,
  type: string,
): Landing | undefined {
  const moment = momentOf(text);
  if (moment === undefined) return undefined;
  // A clock without a zone is no point in time; the other way round the zone is UTC, as everywhere.
  if (moment.hasZone && (of.kind === 'date' || !of.hasZone)) return undefined;
  if (of.kind === 'date') {
    const day = dayText(moment);
    return castTo(day.text, type, day.exact);
  }
  if (of.digits === 9 && Math.abs(moment.seconds) >= NS_SECONDS) {
    return { beyond: moment.seconds > 0 ? 'above' : 'below' };
  }
  const point = momentText(moment, of.digits);
  return castTo(point.text + (of.hasZone ? '+00' : ''), type, point.exact);
}

function castTo(text: string, type: string, exact = true): Landing {
  return { at: `cast(${quoteText(text)} as ${type})`, exact };
}

function whyNot(value: Scalar, of: TypeClass, column: string, type: string): string {
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  const unlike = `column '${column}' is ${wordFor(type)}, and ${shown} is ${wordForValue(value)}: they cannot be compared`;
  switch (of.kind) {
    case 'text':
    case 'choice':
      return typeof value === 'number'
        ? `${unlike}; make the column a number where it is read (columns: { ${column}: BIGINT }, or DECIMAL), or cast it in a query before, or quote the value to compare texts`
        : `${unlike}; quote the value to compare texts`;
    case 'exact':
    case 'binary':
      return `${unlike}; give a number`;
    case 'date':
    case 'moment': {
      const isZone = typeof value === 'string' && momentOf(value)?.hasZone === true;
      return isZone
        ? `${unlike}; leave the zone out, or make the column a TIMESTAMPTZ before`
        : `${unlike}; write it as '2024-01-31'${of.kind === 'date' ? '' : " or '2024-01-31 10:00:00'"}`;
    }
    case 'boolean':
      return `${unlike}; give true or false`;
    case 'time':
      return `${unlike}; write it as '10:00:00'`;
    case 'uuid':
    case 'other':
      return `${unlike}; say what you mean by a rule \`expression\``;
  }
}

function wordForValue(value: Scalar): string {
  if (value === null) return 'nothing';
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'boolean') return 'a truth value';
  const moment = momentOf(value);
  if (moment === undefined) return 'a text';
  return moment.hasZone
    ? 'a point in time with a zone'
    : 'a date or a point in time without a zone';
}

/** SQL of a column's values as landings are compared with them. `column` is SQL. */
export function comparedAs(column: string, type: string): string {
  const of = classOf(type);
  // A single stands for its shortest text, as a double does: 0.1 is 0.1.
  if (of.kind === 'binary' && of.isSingle) return `cast(cast(${column} as varchar) as double)`;
  return of.kind === 'choice' ? `cast(${column} as varchar)` : column;
}

type Landed = Exclude<Landing, { readonly unlike: string }>;

/** SQL that is true where `column` (SQL, as `comparedAs` gives it) lies below what landed; null for null. */
export function isBelow(column: string, landed: Landed): string {
  if ('beyond' in landed) return landed.beyond === 'above' ? `${column} is not null` : 'false';
  return `${column} ${landed.exact ? '<' : '<='} ${landed.at}`;
}

/** SQL that is true where `column` lies above what landed. */
export function isAbove(column: string, landed: Landed): string {
  if ('beyond' in landed) return landed.beyond === 'below' ? `${column} is not null` : 'false';
  return `${column} > ${landed.at}`;
}
