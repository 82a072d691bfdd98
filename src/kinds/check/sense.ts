/** What is wrong with a rule whose options are each allowed: rules that check nothing, or that can never hold. Pure. */

import { durationMs, LONGEST_DURATION } from '../../model/duration.ts';
import { compareExact, exactNumber } from './exact-number.ts';
import { momentOf } from './moment.ts';
import { patternTrouble } from './pattern-syntax.ts';
import { kindOf } from './rule.ts';

import type { RuleKind } from './rule.ts';

/** What is wrong, at a path inside the rule. */
export type Trouble = { readonly path: readonly (string | number)[]; readonly message: string };

/** A rule as written: values that are known only when the step runs are nodes still. */
type Written = Readonly<Partial<Record<RuleKind | 'where' | 'at_most', unknown>>>;
type Part = Readonly<Record<string, unknown>>;

/** Rules that look at the table as a whole, and what else says how much they bear. */
const OF_THE_TABLE: Partial<Record<RuleKind, string>> = Object.freeze({
  row_count: 'give min, max or max_drop instead',
  columns: 'give at_least instead of exact to allow others',
  freshness: 'give a longer max_age instead',
});

/** Everything that is wrong with a rule. Values not known yet have no say. */
export function troublesOf(rule: Written): readonly Trouble[] {
  const kind = kindOf(rule);
  const part = (rule[kind] ?? {}) as Part;
  const at = (keys: readonly string[], message: string): Trouble => ({
    path: [kind, ...keys],
    message,
  });
  const found: (Trouble | undefined)[] = [besides(rule, kind)];
  switch (kind) {
    case 'range': {
      const { min, max } = part;
      if (min === undefined && max === undefined) {
        found.push(at([], 'a range without min and max checks nothing; give at least one of them'));
      }
      if (isScalar(min) && isScalar(max)) found.push(orderOf(min, max));
      break;
    }
    case 'row_count':
      found.push(...countTroubles(part));
      break;
    case 'accepted_values':
      found.push(mixture((part['values'] ?? []) as readonly unknown[]));
      break;
    case 'pattern': {
      const why = patternTrouble(String(part['regex']));
      if (why !== undefined) found.push(at(['regex'], why));
      break;
    }
    case 'columns':
      if ((part['exact'] === undefined) === (part['at_least'] === undefined)) {
        found.push(at([], 'give exactly one of exact, at_least'));
      } else {
        const [key, contract] = Object.entries(part).find(([, value]) => value !== undefined)!;
        if (Object.keys(contract as object).length === 0) {
          found.push(at([key], 'a contract without columns checks nothing; name at least one'));
        }
      }
      break;
    case 'freshness': {
      const age = part['max_age'];
      if (typeof age === 'string' && durationMs(age) === undefined) {
        found.push(
          at(
            ['max_age'],
            `expected a duration such as 90s, 36h or 2d, at most ${LONGEST_DURATION}`,
          ),
        );
      }
      break;
    }
    case 'same_as':
      if (part['by'] === 'row_count' && part['columns'] !== undefined) {
        found.push(
          at(['columns'], 'a number of rows has no columns; leave it out, or say by: rows'),
        );
      }
      break;
    default:
  }
  return found.flatMap((trouble) => trouble ?? []);
}

/** The words of a range that no value, or no column, can lie in. */
function orderOf(
  min: string | number | boolean,
  max: string | number | boolean,
): Trouble | undefined {
  const path = ['range', 'max'];
  if (isUnlike(min, max) || isUnlike(max, min)) {
    return {
      path,
      message: `${show(min)} and ${show(max)} are no ends of one range; quote both, or none`,
    };
  }
  if (!isAbove(min, max)) return undefined;
  return {
    path,
    message: `no value is in this range: max ${show(max)} lies below min ${show(min)}`,
  };
}

function isUnlike(a: unknown, b: unknown): boolean {
  return typeof a === 'number' && typeof b === 'string' && !isNumberText(b);
}

function isNumberText(text: string): boolean {
  return exactNumber(text) !== undefined || /^[+-]?(inf|infinity|nan)$/i.test(text);
}

function countTroubles({ min, max, max_drop: drop }: Part): readonly Trouble[] {
  const path = ['row_count'];
  if (typeof min === 'number' && typeof max === 'number' && min > max) {
    return [
      {
        path: [...path, 'max'],
        message: `no table has so many rows: max ${max} is less than min ${min}`,
      },
    ];
  }
  const says = [
    min !== undefined && min !== 0,
    max !== undefined,
    drop !== undefined && drop !== 1,
  ];
  if (says.some(Boolean)) return [];
  const message = 'this row_count checks nothing; give a min above 0, a max, or a max_drop below 1';
  return [{ path, message }];
}

/** Values of two sorts have no column that could hold both. */
function mixture(values: readonly unknown[]): Trouble | undefined {
  const sortOf = (value: unknown): string =>
    typeof value === 'string' && isNumberText(value) ? 'any' : typeof value;
  const first = values.find((value) => isScalar(value) && sortOf(value) !== 'any');
  const other = values.findIndex(
    (value) => isScalar(value) && !['any', sortOf(first)].includes(sortOf(value)),
  );
  if (first === undefined || other < 0) return undefined;
  return {
    path: ['accepted_values', 'values', other],
    message: `${show(values[other])} and ${show(first)} are no values of one column; quote all of them, or none`,
  };
}

/** What `where` and `at_most` cannot mean beside this rule. */
function besides(rule: Written, kind: RuleKind): Trouble | undefined {
  const { where, at_most: atMost } = rule;
  const instead =
    kind === 'not_empty' && rule.not_empty === true
      ? 'give row_count: { min } instead'
      : OF_THE_TABLE[kind];
  if (atMost !== undefined && instead !== undefined) {
    return {
      path: ['at_most'],
      message: `${kind} judges the table as a whole, not its rows; ${instead}`,
    };
  }
  if (typeof atMost === 'string' && Number(atMost.replace('%', '')) >= 100) {
    return {
      path: ['at_most'],
      message: 'a rule that every row may break checks nothing; give less than 100%',
    };
  }
  if (where !== undefined && kind === 'columns') {
    return { path: ['where'], message: 'columns judges no rows; leave where out' };
  }
  if (where !== undefined && (rule.row_count as Part | undefined)?.['max_drop'] !== undefined) {
    return {
      path: ['where'],
      message:
        'max_drop compares with all rows of the previous delivery; leave where out, or make it a rule of its own',
    };
  }
  return undefined;
}

/** True if the first is certainly the greater. Two texts of digits may be numbers or texts: that, the column decides. */
function isAbove(a: string | number | boolean, b: string | number | boolean): boolean {
  const numbers = [exactNumber(String(a)), exactNumber(String(b))] as const;
  if (numbers[0] !== undefined && numbers[1] !== undefined) {
    const isText = typeof a === 'string' && typeof b === 'string';
    return !isText && compareExact(numbers[0], numbers[1]) > 0;
  }
  const moments = [momentOf(String(a)), momentOf(String(b))] as const;
  if (moments[0] === undefined || moments[1] === undefined) return false;
  const apart = moments[0].seconds - moments[1].seconds;
  return apart > 0 || (apart === 0 && moments[0].nanos > moments[1].nanos);
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function show(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
