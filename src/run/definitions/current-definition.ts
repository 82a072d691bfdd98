/** The definition of a recorded run as its files say now, so that a mended step is used; the saved plan where they are gone. */

import { UserError } from '../../model/errors.ts';
import { resolveDefinition } from './definition-source.ts';
import { readHooks } from './read-hooks.ts';

import type { Plan } from '../../model/plan.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { ResolvedDefinition } from './definition-source.ts';
import type { Tell } from '../project-events.ts';
import type { ProjectOptions } from '../project-options.ts';

/** Tells where it is not what the run began with. @throws DefinitionError for files that are there, and wrong */
export async function currentDefinition(
  record: RunRecord,
  saved: Plan,
  options: ProjectOptions,
  tell: Tell,
): Promise<Pick<ResolvedDefinition, 'plan' | 'planSha256' | 'hooks' | 'limits'>> {
  const runId = record.run_id;
  const { run, ...body } = saved;
  const { planSha256, limits = {} } = run;
  const asSaved = { plan: body, planSha256, hooks: [], limits };
  // A program made the plan: there are no files to look at.
  if (record.job_path === '') return asSaved;
  try {
    const request = {
      job: record.job_path,
      profile: record.profile_path,
      params: record.given_params,
      partition: body.partition?.id,
      only: body.only,
    };
    const definition = await resolveDefinition(request, { date: run.date }, options);
    if (definition.planSha256 !== record.plan_sha256) tell({ type: 'definition_changed', runId });
    return definition;
  } catch (error) {
    const isGone =
      error instanceof UserError && error.code === 'FILE_NOT_FOUND' && error.problems.length === 0;
    if (!isGone) throw error;
    tell({ type: 'definition_gone', runId });
    if (body.only !== undefined) return asSaved;
    const hooks = await readHooks(record.job_path, options.cwd ?? process.cwd());
    return { ...asSaved, hooks };
  }
}
