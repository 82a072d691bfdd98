/** The plan of a definition that a program has as data: it goes through the checks of the files. */

import { resolve } from 'node:path';

import { literalFolder } from '../../activities/expand-globs.ts';
import { hooksOf } from '../../definition/hooks.ts';
import { checkDefinition, sorted } from '../../definition/check.ts';
import { DefinitionError } from './definition-error.ts';
import { limitsFor, paramTexts, pathProblems, sqlProblems } from './load-definition.ts';
import { readProjectFile } from './project-file.ts';

import type { Json } from '../../model/json.ts';
import type { Definition, DefinitionRequest } from './load-definition.ts';

/**
 * The plan of a definition that a program has as data; relative paths are relative to `cwd`.
 * @throws DefinitionError with every problem; `job` and `profile` stand for the files
 */
export async function planOfDocuments(
  { job, profile }: { readonly job: Json; readonly profile: Json },
  about: Omit<DefinitionRequest, 'jobPath' | 'profile'>,
): Promise<Pick<Definition, 'plan' | 'hooks' | 'limits' | 'cut' | 'remarks' | 'checkQueries'>> {
  // JSON is YAML.
  const text = (value: Json): string => JSON.stringify(value, null, 2);
  const chain = Array.isArray(profile) ? (profile as readonly Json[]) : [profile];
  const files = chain.map((one, i) => ({
    path: i === chain.length - 1 ? 'profile' : `profile ${i + 1}`,
    text: text(one),
  }));
  const jobFile = { path: 'job', text: text(job) };
  const limits = readProjectFile({ cwd: about.cwd })?.limits ?? {};
  const checked = checkDefinition({
    job: jobFile,
    profiles: files,
    kinds: about.kinds,
    given: paramTexts(about.params),
    start: about.start,
    partition: about.partition,
    limits,
    resolvePath: (path) => resolve(literalFolder(about.cwd), path),
    complete: true,
  });
  const texts = new Map([jobFile, ...files].map((file) => [file.path, file.text]));
  const problems = [...checked.problems, ...(await pathProblems(checked.paths))];
  if (about.bindSql === true) problems.push(...(await sqlProblems(checked, about.stored)));
  if (checked.plan === undefined || problems.length > 0) {
    throw new DefinitionError(sorted(problems), texts);
  }
  return {
    plan: checked.plan,
    hooks: hooksOf(checked.hooks, 'job', about.cwd),
    limits: limitsFor(checked.plan, limits),
    cut: checked.cut,
    remarks: checked.remarks,
    checkQueries: async () => {
      const found = about.bindSql === true ? [] : await sqlProblems(checked);
      if (found.length > 0) throw new DefinitionError(sorted(found), texts);
    },
  };
}
