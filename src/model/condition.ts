/** Evaluates `when`. Pure; references only, never code. */

import { linearPattern } from './linear-pattern.ts';
import { compareMoments, momentOf } from './moment.ts';
import { mentionOf } from './plan-nodes.ts';

import type { Comparison, Condition, Scalar } from './plan.ts';
import type { Mention } from './plan-nodes.ts';

/** What another step returned or how it ended; undefined: it has none. */
export type ValueOf = (mention: Mention) => Scalar | undefined;

/** True if the step may run. A comparison whose value is missing or of another type does not hold. */
export function holds(condition: Condition, valueOf: ValueOf): boolean {
  if ('all' in condition) return condition.all.every((each) => holds(each, valueOf));
  if ('any' in condition) return condition.any.some((each) => holds(each, valueOf));
  if ('not' in condition) return !holds(condition.not, valueOf);
  return compares(condition, valueOf);
}

/** The references that a condition names, in order. */
export function mentionsIn(condition: Condition): readonly Mention[] {
  if ('all' in condition) return condition.all.flatMap(mentionsIn);
  if ('any' in condition) return condition.any.flatMap(mentionsIn);
  if ('not' in condition) return mentionsIn(condition.not);
  const { value } = condition;
  const found = typeof value === 'object' && value !== null ? mentionOf(value) : undefined;
  return found === undefined ? [] : [found];
}

function compares(comparison: Comparison, valueOf: ValueOf): boolean {
  const value = resolved(comparison.value, valueOf);
  if (value === undefined) return false;
  const { equals, not_equals, above, below, at_least, at_most, matches, ...rest } = comparison;
  if (equals !== undefined) return value === equals;
  if (not_equals !== undefined) return value !== not_equals;
  if (above !== undefined) return orderOf(value, above) > 0;
  if (below !== undefined) return orderOf(value, below) < 0;
  if (at_least !== undefined) return orderOf(value, at_least) >= 0;
  if (at_most !== undefined) return orderOf(value, at_most) <= 0;
  if (rest.in !== undefined) return rest.in.includes(value);
  if (rest.not_in !== undefined) return !rest.not_in.includes(value);
  if (matches !== undefined) return typeof value === 'string' && fits(matches, value);
  return value === true || value === 'true';
}

/** As a sort would have it; NaN, with which no comparison holds, for two that have no order. */
function orderOf(a: Scalar, b: Scalar): number {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a !== 'string' || typeof b !== 'string') return Number.NaN;
  const [left, right] = [momentOf(a), momentOf(b)];
  if (left === undefined || right === undefined) return Number.NaN;
  return compareMoments(left, right) ?? Number.NaN;
}

function fits(pattern: string, text: string): boolean {
  const found = linearPattern(pattern);
  return found.wrong === undefined && found.test(text);
}

function resolved(value: Comparison['value'], valueOf: ValueOf): Scalar | undefined {
  if (typeof value !== 'object' || value === null) return value;
  const found = mentionOf(value);
  return found === undefined ? undefined : valueOf(found);
}
