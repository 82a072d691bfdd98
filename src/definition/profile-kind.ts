/** What a step that `uses: profile` takes. It is no kind of the runner: the profile's own steps are what is executed. Pure. */

import { z } from 'zod';

import { NODE_KEYS } from '../model/plan-nodes.ts';
import { PROFILE_KIND } from '../model/plan.ts';
import { memberName, plainScalar, stepId } from './definition-types.ts';

import type { NestedProfile } from '../model/plan.ts';
import type { KindSpec } from './kind-spec.ts';

/** A value, or what the resolver makes of one that is not known yet. */
const param = z.union([
  plainScalar(),
  z.strictObject({ [NODE_KEYS.ref]: z.string() }),
  z.strictObject({ [NODE_KEYS.concat]: z.array(z.unknown()) }),
]);

const table = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62})?$/,
    "expected the id of a step, such as 'clean' or 'clean.rejected'",
  );

export const PROFILE_SPEC: KindSpec = Object.freeze({
  kind: PROFILE_KIND,
  summary: 'Runs the steps of another profile as one step.',
  schema: z.strictObject({
    profile: z
      .string()
      .min(1)
      .describe('The profile: a name, or a path that ends in .yaml, from this file.'),
    params: z
      .record(memberName(), param)
      .optional()
      .describe('Parameters of the profile, beside those of the job or in their place.'),
    tables: z
      .record(stepId(), table)
      .optional()
      .describe('The tables that it takes, by the name it gives them.'),
  }),
  roles: { tables: ['tables.*'] },
});

/** Its options once they have their shape. */
export type ProfileOptions = {
  readonly profile: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly tables?: Readonly<Record<string, string>>;
};

/** The kind of a step that is a certain profile: what it gives is known. */
export function specOf({ outputs, values }: NestedProfile['gives']): KindSpec {
  return {
    ...PROFILE_SPEC,
    outputs: () => Object.keys(outputs),
    values: () => Object.keys(values),
  };
}
