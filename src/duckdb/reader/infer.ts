/**
 * Which type the texts of a column have, by the notations that all of them share. Pure: facts in, a guess out.
 *
 * A guess made of some of the rows is the word on all of them if they keep it: each fact can only widen a type, never
 * narrow it. So the rows are cast by a first guess, and only where one does not hold are all facts asked for.
 */

import { binaryPrints, exactCast, printsAgain } from './exact-cast.ts';
import { BIT, bitOf, isBoolean, matches, plainNumber, withSeconds, ZONE } from './notations.ts';
import { KIND } from './part.ts';
import { typeOfFormat } from './time-format.ts';

import type { ExactCast } from './exact-cast.ts';
import type { Notation } from './reading.ts';

/** What is known of the values of a column. */
export type Facts = {
  /** Bits of the notations found; 0: no value at all. */
  readonly bits: number;
  /** Digits before the point, at most. */
  readonly digits: number;
  /** Digits behind it, at most. */
  readonly places: number;
  /** Every integer is a BIGINT. */
  readonly isBigint: boolean;
};

/** A type, and the condition under which a text belongs to it in the notation that was seen. */
export type Guess = { readonly type: string; readonly cast: (text: string) => ExactCast };

const TEXT: Guess = {
  type: 'VARCHAR',
  cast: (text) => ({ value: text, quick: undefined, holds: 'true' }),
};
const DAY = '[0-9]{4}-[0-9]{2}-[0-9]{2}';

/** A query of one row with the facts of each column: `b0, d0, p0, i0, b1, ...`. `kinds` as in a Part. */
export function factsQuery(
  columns: readonly { readonly name: string; readonly kinds: number }[],
  source: string,
  notation: Notation,
): string {
  const bits = columns.map(
    ({ name, kinds }, i) => `${bitOf(name, notation, kinds === KIND.number)} as b${i}`,
  );
  const facts = columns.map(({ name }, i) => {
    const number = plainNumber(name, notation);
    const digits = `length(regexp_replace(${number}, '^-|\\..*$', '', 'g'))`;
    return [
      `coalesce(bit_or(b${i}), 0) as b${i}`,
      `coalesce(max(case when b${i} in (1, 2) then ${digits} end), 0) as d${i}`,
      `coalesce(max(case when b${i} = 2 then length(${number}) - strpos(${number}, '.') end), 0) as p${i}`,
      `coalesce(bool_and(case when b${i} = 1 and ${digits} > 18 then try_cast(${number} as bigint) is not null end), true) as i${i}`,
    ].join(', ');
  });
  return `select ${facts.join(', ')} from (select *, ${bits.join(', ')} from ${source})`;
}

/** The facts of column `i` in a row of `factsQuery`. */
export function factsOf(row: Readonly<Record<string, unknown>>, i: number): Facts {
  return {
    bits: Number(row[`b${i}`]),
    digits: Number(row[`d${i}`]),
    places: Number(row[`p${i}`]),
    isBigint: row[`i${i}`] === true,
  };
}

/** The type of a column with these facts. `kinds`: what JSON said of its values, 0 where it said nothing. */
export function guessFrom(facts: Facts, notation: Notation, kinds: number): Guess {
  if ((kinds & KIND.nested) !== 0) return { ...TEXT, type: 'JSON' };
  const isMixed = kinds !== 0 && (kinds & (kinds - 1)) !== 0;
  if (isMixed || facts.bits === 0) return TEXT;
  const { bits } = facts;
  const only = (allowed: number): boolean => (bits & ~allowed) === 0;
  const asNumber = kinds === 0 || kinds === KIND.number;
  const asWords = kinds === 0 || kinds === KIND.string;
  if (asNumber && only(BIT.integer)) return integers(facts, notation);
  if (asNumber && only(BIT.integer | BIT.decimal)) return decimals(facts, notation);
  if (asNumber && only(BIT.integer | BIT.decimal | BIT.binary)) return binary(notation, kinds);
  if (kinds !== KIND.string && only(BIT.boolean)) {
    const cast = (text: string): ExactCast => ({
      ...exactCast('BOOLEAN', text, notation),
      holds: isBoolean(text, notation),
    });
    return { type: 'BOOLEAN', cast };
  }
  if (asWords && only(BIT.date)) return dates(notation);
  if (asWords) return times(bits, notation) ?? TEXT;
  return TEXT;
}

function integers({ digits, isBigint }: Facts, notation: Notation): Guess {
  if (!isBigint && digits > 38) return TEXT;
  const type = isBigint ? 'BIGINT' : 'DECIMAL(38,0)';
  return { type, cast: strict(type, '-?(0|[1-9][0-9]*)', notation) };
}

function decimals({ digits, places }: Facts, notation: Notation): Guess {
  const width = digits + places <= 18 ? 18 : 38;
  if (digits + places > 38) return binary(notation, 0);
  const type = `DECIMAL(${width},${places})`;
  return {
    type,
    cast: strict(type, `-?(0|[1-9][0-9]*)(\\.[0-9]{1,${places}})?`, notation),
  };
}

function binary(notation: Notation, kinds: number): Guess {
  return {
    type: 'DOUBLE',
    cast: (text) => {
      const number = plainNumber(text, notation);
      const bits = bitOf(text, notation, kinds === KIND.number);
      return {
        value: `try_cast(${number} as double)`,
        // What it prints beside numbers, nan and inf, ends with a letter.
        quick:
          number === text
            ? (plain) => `${printsAgain(plain, text)} and right(${text}, 1) between '0' and '9'`
            : undefined,
        holds: `(${bits}) in (${BIT.integer}, ${BIT.decimal}, ${BIT.binary}) and ${binaryPrints(number)}`,
      };
    },
  };
}

function dates(notation: Notation): Guess {
  if (notation.dateFormat !== undefined) {
    return { type: 'DATE', cast: (text) => exactCast('DATE', text, notation) };
  }
  return {
    type: 'DATE',
    cast: (text) => ({
      value: `try_cast(${text} as date)`,
      quick: (plain) => `length(${text}) = 10 and ${printsAgain(plain, text)}`,
      holds: 'false',
    }),
  };
}

/** Points in time of one form; undefined where there are several. */
function times(bits: number, notation: Notation): Guess | undefined {
  const separators = bits & (BIT.space | BIT.letterT);
  const zones = bits & (BIT.zoned | BIT.local);
  const isOneForm =
    (bits & ~(separators | zones | BIT.nanos)) === 0 &&
    (separators === BIT.space || separators === BIT.letterT) &&
    (zones === BIT.zoned || zones === BIT.local);
  if (!isOneForm) return undefined;
  if (notation.timestampFormat !== undefined) {
    const wanted = typeOfFormat(notation.timestampFormat);
    return { type: wanted, cast: (text) => exactCast(wanted, text, notation) };
  }
  const isZoned = zones === BIT.zoned;
  const hasNanos = (bits & BIT.nanos) !== 0;
  if (isZoned && hasNanos) return undefined;
  const separator = separators === BIT.space ? ' ' : 'T';
  const clock = `([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,${hasNanos ? 9 : 6}})?)?`;
  const zone = isZoned ? ZONE : '';
  const type = isZoned ? 'TIMESTAMP WITH TIME ZONE' : hasNanos ? 'TIMESTAMP_NS' : 'TIMESTAMP';
  return {
    type,
    cast: (text) => {
      const value = `try_cast(${isZoned ? withSeconds(text) : text} as ${type})`;
      return {
        value,
        quick:
          type === 'TIMESTAMP' && separator === ' '
            ? (plain: string) => `${text}[14] = ':' and ${printsAgain(plain, text)}`
            : undefined,
        holds: `${matches(text, `${DAY}${separator}${clock}${zone}`)} and left(${text}, 4) <> '0000' and ${value} is not null`,
      };
    },
  };
}

/** A number in the one notation that was seen; more than it would be another notation. */
function strict(type: string, pattern: string, notation: Notation): Guess['cast'] {
  return (text) => {
    const number = plainNumber(text, notation);
    const value = `try_cast(${number} as ${type})`;
    return {
      value,
      quick: number === text ? (plain) => printsAgain(plain, text) : undefined,
      holds: `${matches(number, pattern)} and ${value} is not null`,
    };
  };
}
