/** Evaluates `when`. Pure; references only, never code. */

import { mentionOf } from './plan-nodes.ts';

import type { Condition, Scalar } from './plan.ts';
import type { StepResult } from './step-result.ts';

type ResultOf = (step: string) => StepResult | undefined;

/** True if the step may run. A value that its step did not return does not hold. */
export function holds(condition: Condition, resultOf: ResultOf): boolean {
  const value = valueOf(condition.value, resultOf);
  if (value === undefined) return false;
  if (condition.equals !== undefined) return value === condition.equals;
  if (condition.not_equals !== undefined) return value !== condition.not_equals;
  if (condition.above !== undefined) return typeof value === 'number' && value > condition.above;
  if (condition.below !== undefined) return typeof value === 'number' && value < condition.below;
  if (condition.in !== undefined) return condition.in.includes(value);
  return value === true || value === 'true';
}

function valueOf(value: Condition['value'], resultOf: ResultOf): Scalar | undefined {
  if (typeof value !== 'object' || value === null) return value;
  const found = mentionOf(value);
  if (found?.part !== 'values') return undefined;
  const values = resultOf(found.step)?.values ?? {};
  return Object.hasOwn(values, found.name) ? values[found.name] : undefined;
}
