/** Secrets that a plan names and that this process has no value for: its own worker would fail, one elsewhere may have them. */

import { makeSecrets } from '../../activities/secrets.ts';
import { isSecret, nameOf, nodesIn } from '../../model/plan-nodes.ts';
import { StepError } from '../../model/step-error.ts';

import type { Json, Plan } from '../../model/plan.ts';

/** `why` is a clause for people. */
export type AbsentSecret = { readonly step: string; readonly secret: string; readonly why: string };

/** Each secret of each step once, in the order of the plan. */
export function absentSecrets(
  plan: Pick<Plan, 'steps'>,
  given: Parameters<typeof makeSecrets>[0],
): readonly AbsentSecret[] {
  const find = makeSecrets(given);
  return plan.steps.flatMap((step) => {
    const names = nodesIn(step as unknown as Json).flatMap((node) =>
      isSecret(node) ? [nameOf(node)] : [],
    );
    return [...new Set(names)].flatMap((secret) => {
      const why = troubleOf(find, secret);
      return why === undefined ? [] : [{ step: step.id, secret, why }];
    });
  });
}

function troubleOf(find: (name: string) => string | undefined, name: string): string | undefined {
  try {
    if (find(name) !== undefined) return undefined;
    return `has no value here: its worker needs BUILDER_SECRET_${name}, or a file of that name in --secrets-dir`;
  } catch (error) {
    if (error instanceof StepError) return 'is too short to be blanked out of logs';
    return 'cannot be read';
  }
}
