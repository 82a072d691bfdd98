/** Checks a plan that a program made, as far as the runner relies on it: what a file's checks would have found. */

import { MAX_STEPS, ONE_STEP_FOR_MANY } from '../../definition/many-steps.ts';
import { SMALLER, sizeTrouble } from '../../definition/plan-size.ts';
import { UserError } from '../../model/errors.ts';
import { namedSteps } from '../../model/nested.ts';
import { PROFILE_KIND } from '../../model/plan.ts';
import { didYouMean } from '../../model/suggest.ts';

import type { AnyStepDefinition } from '../../kinds/contract.ts';
import type { NestedProfile, PlanBody } from '../../model/plan.ts';

const STEP_ID = /^[a-z][a-z0-9_]{0,62}$/;

/** @throws UserError TOO_MANY_STEPS, PLAN_TOO_LARGE, UNKNOWN_KIND, UNKNOWN_NEED, UNKNOWN_LIMIT, BAD_VALUE, BAD_OPTION, CYCLE */
export function checkGivenPlan(
  plan: PlanBody,
  kinds: readonly AnyStepDefinition[],
  limits: Readonly<Record<string, number>>,
): void {
  refuseTooLarge(plan);
  checkGivenSteps(plan, kinds, limits);
}

function checkGivenSteps(
  plan: Pick<PlanBody, 'steps'>,
  kinds: readonly AnyStepDefinition[],
  limits: Readonly<Record<string, number>>,
): void {
  const ids = new Set<string>();
  for (const { id } of plan.steps) {
    if (!STEP_ID.test(id)) {
      throw new UserError('BAD_VALUE', `'${id}' is no id of a step; one is like load_orders`);
    }
    if (ids.has(id)) throw new UserError('DUPLICATE_KEY', `two steps are called '${id}'`);
    ids.add(id);
  }
  const known = kinds.map(({ kind }) => kind);
  for (const { id, limit } of plan.steps) {
    if (limit === undefined || Object.hasOwn(limits, limit)) continue;
    const message = `step '${id}' uses the limit '${limit}', which builder.yaml does not have`;
    throw new UserError('UNKNOWN_LIMIT', message);
  }
  for (const { id, kind, nested, needs, reads, heeds = [], hears = [], options } of plan.steps) {
    const isProfile = kind === PROFILE_KIND;
    if (isProfile !== (nested !== undefined)) {
      const message = `step '${id}': a step has 'nested' if it is of the kind ${PROFILE_KIND}, and only then`;
      throw new UserError('BAD_VALUE', message);
    }
    if (nested !== undefined) {
      checkGivenSteps(nested, kinds, limits);
      refuseForeignGifts(id, nested);
    }
    if (!isProfile && !known.includes(kind)) {
      const hint = didYouMean(kind, known);
      throw new UserError(
        'UNKNOWN_KIND',
        `step '${id}': unknown kind '${kind}'; known kinds: ${known.join(', ')}`,
        hint === undefined ? {} : { hint },
      );
    }
    for (const need of [...needs, ...reads]) {
      if (!ids.has(need)) {
        throw new UserError('UNKNOWN_NEED', `step '${id}' needs '${need}', which is no step`);
      }
    }
    const unneeded = reads.find((read) => !needs.includes(read));
    if (unneeded !== undefined) {
      throw new UserError('UNKNOWN_NEED', `step '${id}' reads '${unneeded}', but does not need it`);
    }
    const unheard = [...heeds, ...hears].find((other) => !needs.includes(other));
    if (unheard !== undefined) {
      throw new UserError('UNKNOWN_NEED', `step '${id}' heeds '${unheard}', but does not need it`);
    }
    if (typeof options !== 'object' || options === null || Array.isArray(options)) {
      throw new UserError('BAD_OPTION', `step '${id}': its options are no mapping`);
    }
  }
  refuseCycle(plan);
}

/** What it gives is of its own steps. */
function refuseForeignGifts(id: string, { steps, gives }: NestedProfile): void {
  const ids = new Set(steps.map((step) => step.id));
  for (const { step } of [...Object.values(gives.outputs), ...Object.values(gives.values)]) {
    if (ids.has(step)) continue;
    throw new UserError('UNKNOWN_NEED', `step '${id}' gives of '${step}', which is no step of it`);
  }
}

/** What no run could carry. */
function refuseTooLarge(plan: PlanBody): void {
  const { length } = namedSteps(plan);
  if (length > MAX_STEPS) {
    const message = `the plan has ${length} steps; at most ${MAX_STEPS} are supported`;
    throw new UserError('TOO_MANY_STEPS', message, { hint: ONE_STEP_FOR_MANY });
  }
  const trouble = sizeTrouble(plan);
  if (trouble !== undefined) {
    throw new UserError('PLAN_TOO_LARGE', trouble.message, { hint: SMALLER });
  }
}

function refuseCycle({ steps }: Pick<PlanBody, 'steps'>): void {
  let left = steps;
  for (;;) {
    const open = new Set(left.map(({ id }) => id));
    const next = left.filter(({ needs }) => needs.some((need) => open.has(need)));
    if (next.length === 0) return;
    if (next.length === left.length) {
      const names = left.map(({ id }) => id).join(', ');
      throw new UserError('CYCLE', `steps need each other in a circle: ${names}`);
    }
    left = next;
  }
}
