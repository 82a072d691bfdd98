/** Where the definition of a run comes from: a job file with its profile, or a plan that a program made. */

import { createHash } from 'node:crypto';

import { canonicalJson } from '../model/canonical.ts';
import { checkGivenPlan } from './given-plan.ts';
import { loadDefinition } from './load-definition.ts';

import type { Plan, Scalar } from '../model/plan.ts';
import type { Definition } from './load-definition.ts';
import type { ProjectOptions } from './project-options.ts';

/** A plan without what belongs to one run. */
export type PlanBody = Omit<Plan, 'run'>;

/** Makes the plan of a run. `date` is the run's, YYYY-MM-DD; a resumed run asks again with its first one. */
export type PlanSource = (about: { readonly date: string }) => PlanBody | Promise<PlanBody>;

export type DefinitionRequest =
  | {
      /** Path of the job file. */
      readonly job: string;
      /** Name, or a path that ends in .yaml or .yml; default: the one the job names. */
      readonly profile?: string;
      /** By name, or `name=text` as on a command line. */
      readonly params?: readonly string[] | Readonly<Record<string, Scalar>>;
      readonly definition?: undefined;
    }
  | { readonly definition: PlanBody | PlanSource };

export type ResolvedDefinition = Pick<
  Definition,
  'plan' | 'planSha256' | 'origins' | 'jobPath' | 'profilePath'
> & {
  /** `name=text` for each parameter that was given. */
  readonly params: readonly string[];
};

/** The plan that a request means. @throws DefinitionError, UserError */
export async function resolveDefinition(
  request: DefinitionRequest,
  date: string,
  { kinds, cwd = process.cwd() }: Pick<ProjectOptions, 'kinds' | 'cwd'>,
): Promise<ResolvedDefinition> {
  if (request.definition !== undefined) {
    const { definition } = request;
    const plan = typeof definition === 'function' ? await definition({ date }) : definition;
    checkGivenPlan(plan, kinds);
    const planSha256 = createHash('sha256').update(canonicalJson(plan)).digest('hex');
    return { plan, planSha256, origins: {}, jobPath: '', profilePath: '', params: [] };
  }
  const { job, profile, params = [] } = request;
  const words = Array.isArray(params)
    ? (params as readonly string[])
    : Object.entries(params).map(([name, value]) => `${name}=${String(value)}`);
  const loaded = await loadDefinition({
    jobPath: job,
    ...(profile === undefined ? {} : { profile }),
    params: words,
    date,
    cwd,
    kinds,
  });
  return { ...loaded, params: words };
}
