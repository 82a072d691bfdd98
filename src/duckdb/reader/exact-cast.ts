/**
 * Texts as values of a type, exactly, as SQL. `quick` is asked first: of what a plain cast gives (`plainCast`), whether it
 * prints the text again, which is cheap; `holds` for every text whose value the type has. Where neither does, the value is another: an error. Pure.
 */

import { quoteText } from '../session.ts';
import {
  dayByFormat,
  isBoolean,
  matches,
  orOneOf,
  plainNumber,
  withSeconds,
  ZONE,
} from './notations.ts';
import { byFormat, typeOfFormat } from './time-format.ts';

import type { Notation } from './reading.ts';

export type ExactCast = {
  /** The value; NULL or an error where the text has none. */
  readonly value: string;
  readonly quick: ((plain: string) => string) | undefined;
  readonly holds: string;
};

const INTEGERS =
  /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT)$/;
const DAY = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
/** Not 24:00, which would be another day. */
const MINUTE = '([01][0-9]|2[0-3]):[0-5][0-9]';
const CLOCK = (places: number): string => `${MINUTE}(:[0-5][0-9](\\.[0-9]{1,${places}}0*)?)?`;
/** A number with an exponent; of more digits of it no type here has a value but zero. */
const EXPONENT = '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)[eE][+-]?[0-9]{1,3}';

/** How a text becomes a value of the type, given as DuckDB writes it: `DECIMAL(18,2)`. */
export function exactCast(type: string, text: string, notation: Notation): ExactCast {
  const number = plainNumber(text, notation);
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(type);
  if (type === 'VARCHAR') return { value: text, quick: undefined, holds: 'true' };
  if (INTEGERS.test(type)) {
    const spelled = withoutExponent(number);
    const value = `try_cast(regexp_replace(${spelled}, '\\.0*$', '') as ${type})`;
    return {
      value,
      quick: (plain) => printsAgain(plain, text),
      holds: `${matches(spelled, '[+-]?[0-9]+(\\.0*)?')} and ${value} is not null`,
    };
  }
  if (decimal !== null) {
    const places = Number(decimal[2]);
    const fraction = places === 0 ? '\\.0*' : `\\.[0-9]{0,${places}}0*`;
    const start = places === 0 ? '' : `|\\.[0-9]{1,${places}}0*`;
    const spelled = withoutExponent(number);
    const value = `try_cast(${spelled} as ${type})`;
    return {
      value,
      // Where a point groups digits `1.234` is not what it prints.
      quick: number === text ? (plain) => printsAgain(plain, text) : undefined,
      holds: `${matches(spelled, `[+-]?([0-9]+(${fraction})?${start})`)} and ${value} is not null`,
    };
  }
  switch (type) {
    case 'DOUBLE':
    case 'FLOAT': {
      const value = `try_cast(${number} as ${type})`;
      const named = matches(text, '(?i)nan|[+-]?inf|-?infinity');
      return {
        value: `case when ${named} then try_cast(${text} as ${type}) else ${value} end`,
        quick: number === text ? (plain) => isNumberText(plain, text) : undefined,
        holds: `${named} or ${value} is not null and not isinf(${value}) and ${matches(number, '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?')}`,
      };
    }
    case 'BOOLEAN':
      return {
        value: booleanOf(text, notation),
        quick:
          notation.falseValues.length + notation.trueValues.length === 0
            ? (plain) => printsAgain(plain, text)
            : undefined,
        holds: `${isBoolean(text, notation)} or lower(${text}) in ('t', 'f', '1', '0')`,
      };
    case 'DATE': {
      if (notation.dateFormat !== undefined) {
        const value = dayByFormat(text, notation.dateFormat);
        return { value, quick: undefined, holds: `${value} is not null` };
      }
      const value = `try_cast(left(${text}, 10) as date)`;
      return {
        value,
        quick: (plain) => printsAgain(plain, text),
        holds: `${matches(text, `${DAY}([ T]00:00(:00(\\.0+)?)?)?`)} and ${value} is not null`,
      };
    }
    case 'TIMESTAMP':
    case 'TIMESTAMP_NS':
    case 'TIMESTAMP_MS':
    case 'TIMESTAMP_S': {
      if (notation.timestampFormat !== undefined) {
        return byTimestampFormat(type, text, notation.timestampFormat);
      }
      const places = { TIMESTAMP: 6, TIMESTAMP_NS: 9, TIMESTAMP_MS: 3, TIMESTAMP_S: 0 }[type];
      const clock = places === 0 ? `${MINUTE}(:[0-5][0-9](\\.0+)?)?` : CLOCK(places);
      const value = `try_cast(${text} as ${type})`;
      return {
        value,
        quick: (plain) => printsAgain(plain, text),
        holds: `${matches(text, `${DAY}([ T]${clock})?`)} and ${value} is not null`,
      };
    }
    case 'TIMESTAMP WITH TIME ZONE': {
      if (notation.timestampFormat !== undefined) {
        return byTimestampFormat(type, text, notation.timestampFormat);
      }
      const value = `try_cast(${withSeconds(text)} as ${type})`;
      return {
        value,
        quick: undefined,
        holds: `${matches(text, `${DAY}[ T]${CLOCK(6)}${ZONE}`)} and ${value} is not null`,
      };
    }
    case 'TIME': {
      const value = `try_cast(${text} as time)`;
      return {
        value,
        quick: (plain) => `left(${text}, 2) < '24' and ${printsAgain(plain, text)}`,
        holds: `${matches(text, CLOCK(6))} and ${value} is not null`,
      };
    }
    case 'UUID': {
      const value = `try_cast(${text} as uuid)`;
      return {
        value,
        quick: (plain) => printsAgain(plain, text),
        holds: `lower(${text}) = cast(${value} as varchar)`,
      };
    }
    case 'INTERVAL': {
      // Parquet keeps milliseconds of an interval.
      const value = plainCast(type, text);
      const holds = `${printsAgain(value, text)} and microsecond(${value}) % 1000 = 0`;
      return { value, quick: undefined, holds };
    }
    default:
      // Of a type without a rule of its own only what it prints is surely what was written.
      return {
        value: `try_cast(${text} as ${type})`,
        quick: undefined,
        holds: printsAgain(plainCast(type, text), text),
      };
  }
}

/** How a text becomes a value of a declared type that is kept as another, which has its values. */
export function declaredCast(
  { type, asked }: { readonly type: string; readonly asked: string },
  text: string,
  notation: Notation,
): ExactCast {
  const cast = exactCast(asked, text, notation);
  if (type === asked) return cast;
  const value = `try_cast(${cast.value} as ${type})`;
  return { value, quick: undefined, holds: `(${cast.holds}) and ${value} is not null` };
}

/** A point in time in a format, where the type has all of it: every place of the second, and a zone or none. */
function byTimestampFormat(type: string, text: string, format: string): ExactCast {
  const moment = byFormat(text, format);
  const isZoned = typeOfFormat(format) === 'TIMESTAMP WITH TIME ZONE';
  const value = `cast(${moment} as ${type})`;
  if (isZoned !== (type === 'TIMESTAMP WITH TIME ZONE')) {
    return { value, quick: undefined, holds: 'false' };
  }
  const finest = typeOfFormat(format);
  const holds = isZoned ? `${moment} is not null` : `cast(${value} as ${finest}) = ${moment}`;
  return { value, quick: undefined, holds };
}

/** What DuckDB makes of a text by itself; NULL where it can make nothing. */
export function plainCast(type: string, text: string): string {
  return `try_cast(${text} as ${type})`;
}

/**
 * The value where the text has it, NULL for NULL and an empty text, else an error that begins with `mark`. `plain` is
 * the name of a column with `plainCast`, for DuckDB would work it out once for each time it stands in a CASE.
 */
export function castOrFail(
  cast: ExactCast,
  text: string,
  type: string,
  mark: string,
  plain: string = plainCast(type, text),
): string {
  if (type === 'VARCHAR' && cast.holds === 'true') return text;
  const quick = cast.quick === undefined ? '' : `when ${cast.quick(plain)} then ${plain}`;
  return `case ${quick} when ${text} is null or ${text} = '' then null when ${cast.holds} then ${cast.value} else cast(error(${quoteText(mark)} || ${text}) as ${type}) end`;
}

/**
 * A finite binary number whose text is surely one: beside those DuckDB takes a sign behind a plus, spaces at the ends and
 * `_` between digits. To print a binary number would cost five times as much.
 */
function isNumberText(plain: string, text: string): string {
  return `isfinite(${plain}) and ${text} > ',' and ${text}[-1] > '+' and not contains(${text}, '_')`;
}

/** The text that the value prints; it holds for no two values. */
export function printsAgain(plain: string, text: string): string {
  return `cast(${plain} as varchar) = ${text}`;
}

/** The digits of a number with an exponent, the point where it belongs: `1.5e3` as `1500`. DuckDB would go through a binary number. */
function withoutExponent(number: string): string {
  const part = (pattern: string): string =>
    `regexp_replace(${number}, ${quoteText(pattern)}, '', 'g')`;
  const digits = part('^[+-]|\\.|[eE].*$');
  const exponent = `cast(regexp_replace(${number}, '^.*[eE]\\+?', '') as integer)`;
  const before = `length(${part('^[+-]|\\..*$|[eE].*$')}) + ${exponent}`;
  const padded = `repeat('0', greatest(1 - (${before}), 0)) || ${digits} || repeat('0', greatest((${before}) - length(${digits}), 0))`;
  const point = `greatest(${before}, 1)`;
  const sign = `case when starts_with(${number}, '-') then '-' else '' end`;
  return `case when ${matches(number, EXPONENT)} then ${sign} || left(${padded}, ${point}) || '.' || substr(${padded}, ${point} + 1) else ${number} end`;
}

/** What a profile says of a word goes before what it means elsewhere. */
function booleanOf(text: string, { trueValues, falseValues }: Notation): string {
  const isTrue = `(lower(${text}) in ('true', 't', '1')${orOneOf(text, trueValues)})`;
  return falseValues.length === 0
    ? isTrue
    : `(${isTrue} and not (false${orOneOf(text, falseValues)}))`;
}

/**
 * A condition on a number's text: the binary number nearest to it prints these digits, so that it is exactly the
 * number that some program meant. Compared as digits and exponent, for programs write them in several ways.
 */
export function binaryPrints(number: string): string {
  const printed = `cast(cast(${number} as double) as varchar)`;
  return `(not isinf(try_cast(${number} as double)) and ${digitsOf(number)} = ${digitsOf(printed)})`;
}

/** Digits without zeros at either end. With the value equal by nearness, equal digits are equal numbers. */
function digitsOf(number: string): string {
  return `trim(replace(regexp_replace(${number}, '^-|[eE].*$', '', 'g'), '.', ''), '0')`;
}

/** A column on its way out: where its text is, its type, and who said so. */
export type TypedColumn = {
  /** `u0` or `f0` of the texts. */
  readonly text: string;
  readonly name: string;
  readonly type: string;
  /** The declared type, where that is kept as another. */
  readonly asked?: string;
  readonly cast: (text: string) => ExactCast;
  readonly isDeclared: boolean;
};
