/** Checks a plan that a program made, as far as the runner relies on it: what a file's checks would have found. */

import { UserError } from '../model/errors.ts';
import { PROFILE_KIND } from '../model/plan.ts';
import { didYouMean } from '../model/suggest.ts';

import type { AnyStepDefinition } from '../kinds/contract.ts';
import type { NestedProfile } from '../model/plan.ts';
import type { PlanBody } from './definition-source.ts';

const STEP_ID = /^[a-z][a-z0-9_]{0,62}$/;

/** @throws UserError UNKNOWN_KIND, UNKNOWN_NEED, BAD_VALUE, BAD_OPTION, CYCLE */
export function checkGivenPlan(
  plan: Pick<PlanBody, 'steps'>,
  kinds: readonly AnyStepDefinition[],
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
  for (const { id, kind, nested, needs, reads, heeds = [], hears = [], options } of plan.steps) {
    const isProfile = kind === PROFILE_KIND;
    if (isProfile !== (nested !== undefined)) {
      const message = `step '${id}': a step has 'nested' if it is of the kind ${PROFILE_KIND}, and only then`;
      throw new UserError('BAD_VALUE', message);
    }
    if (nested !== undefined) checkNestedSteps(id, nested, kinds);
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

/** Its own steps as those of any plan, and what it gives of them. */
function checkNestedSteps(
  id: string,
  nested: NestedProfile,
  kinds: readonly AnyStepDefinition[],
): void {
  checkGivenPlan(nested, kinds);
  const ids = new Set(nested.steps.map((step) => step.id));
  const { outputs, values } = nested.gives;
  for (const { step } of [...Object.values(outputs), ...Object.values(values)]) {
    if (ids.has(step)) continue;
    throw new UserError('UNKNOWN_NEED', `step '${id}' gives of '${step}', which is no step of it`);
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
