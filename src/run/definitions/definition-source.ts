/** Where the definition of a run comes from: a job file with its profile, or a program that has it as data. */

import { createHash } from 'node:crypto';

import { canonicalJson } from '../../model/canonical.ts';
import { planOfChosen } from '../../model/chosen-steps.ts';
import { dateIn } from '../../model/partition.ts';
import { checkGivenPlan } from './given-plan.ts';
import { limitsFor, loadDefinition } from './load-definition.ts';
import { planOfDocuments } from './plan-of-documents.ts';
import { readProjectFile } from './project-file.ts';

import type { Start } from '../../definition/check-partition.ts';
import type { ChosenSteps, Scalar, PlanBody } from '../../model/plan.ts';
import type { Json } from '../../model/json.ts';
import type { Definition, DefinitionRequest as LoadRequest } from './load-definition.ts';
import type { ProjectOptions } from '../project-options.ts';

/** What the two files hold, as data: checked, completed and resolved as those are. */
export type Documents = {
  readonly job: Json;
  /** The profile with nothing to extend; or a chain of them, base first. */
  readonly profile: Json;
};

/** Makes the definition of a run. `date` is the run's, YYYY-MM-DD. */
export type DefinitionSource = (about: {
  readonly date: string;
}) => Documents | PlanBody | Promise<Documents | PlanBody>;

type Params = readonly string[] | Readonly<Record<string, Scalar>>;

export type DefinitionRequest = {
  /** Id of a partition, or `latest`; a job that is not cut has none. */
  readonly partition?: string | undefined;
  /** Some steps alone. */
  readonly only?: ChosenSteps | undefined;
} & (
  | {
      /** Path of the job file. */
      readonly job: string;
      /** Name, or a path that ends in .yaml or .yml; default: the one the job names. */
      readonly profile?: string;
      /** By name, or `name=text` as on a command line. */
      readonly params?: Params;
      readonly definition?: undefined;
    }
  | {
      readonly definition: Documents | PlanBody | DefinitionSource;
      /** For the parameters of a job; a plan has none left. */
      readonly params?: Params;
    }
);

export type ResolvedDefinition = Pick<
  Definition,
  | 'plan'
  | 'hooks'
  | 'limits'
  | 'cut'
  | 'planSha256'
  | 'origins'
  | 'jobPath'
  | 'profilePath'
  | 'remarks'
  | 'checkQueries'
> & {
  /** `name=text` for each parameter that was given. */
  readonly params: readonly string[];
};

/** The plan that a request means. @throws DefinitionError, UserError */
export async function resolveDefinition(
  request: DefinitionRequest,
  start: Start,
  { kinds, cwd = process.cwd() }: Pick<ProjectOptions, 'kinds' | 'cwd'>,
  /** Queries are bound at once, on what is stored where that may be looked at. */
  { bindSql = false, stored }: Pick<LoadRequest, 'bindSql' | 'stored'> = {},
): Promise<ResolvedDefinition> {
  const { params = [], partition, only } = request;
  const words = Array.isArray(params)
    ? (params as readonly string[])
    : Object.entries(params).map(([name, value]) => `${name}=${String(value)}`);
  if (request.definition !== undefined) {
    const { definition } = request;
    const date = 'date' in start ? start.date : dateIn('UTC', start.atMs);
    const made = typeof definition === 'function' ? await definition({ date }) : definition;
    const about = { kinds, cwd, start, partition, params: words, bindSql, stored };
    const { plan, hooks, limits, cut, remarks, checkQueries } = isPlan(made)
      ? {
          plan: made,
          hooks: [],
          limits: limitsFor(made, readProjectFile({ cwd })?.limits),
          cut: { date, today: date },
          remarks: [],
          checkQueries: async () => undefined,
        }
      : await planOfDocuments(made, about);
    checkGivenPlan(plan, kinds, limits);
    const chosen = planOfChosen(plan, only);
    const planSha256 = createHash('sha256').update(canonicalJson(chosen)).digest('hex');
    return {
      plan: chosen,
      hooks: only === undefined ? hooks : [],
      limits,
      cut,
      planSha256,
      origins: {},
      jobPath: '',
      profilePath: '',
      params: words,
      remarks,
      checkQueries,
    };
  }
  const { job, profile } = request;
  const loaded = await loadDefinition({
    jobPath: job,
    ...(profile === undefined ? {} : { profile }),
    params: words,
    start,
    partition,
    only,
    cwd,
    kinds,
    bindSql,
    stored,
  });
  return { ...loaded, params: words };
}

function isPlan(made: Documents | PlanBody): made is PlanBody {
  return 'steps' in made;
}
