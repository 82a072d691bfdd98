/** Reads a job and its profiles from disk, checks them, and answers the plan. */

import { access, constants } from 'node:fs/promises';
import { basename, dirname, relative, resolve } from 'node:path';

import { expandGlobs } from '../../activities/expand-globs.ts';
import { hooksOf } from '../../definition/hooks.ts';
import { bindProblems, needsBinding } from '../../definition/bind.ts';
import { checkDefinition, sorted } from '../../definition/check.ts';
import { namedSteps } from '../../model/nested.ts';
import { planOfChosen } from '../../model/chosen-steps.ts';
import { UserError } from '../../model/errors.ts';
import { child, textOf } from '../../definition/located.ts';
import { sourceOf } from '../../definition/source.ts';
import { DefinitionError } from './definition-error.ts';
import { findNestedProfiles } from './nested-profiles.ts';
import { makePlacedPaths } from './plan-hash.ts';
import { profileChain } from './profile-files.ts';
import { lookAtProjectFile } from './project-file.ts';
import { readDefinitionFile } from './read-definition-file.ts';

import type { CheckedPartition, Start } from '../../definition/check-partition.ts';
import type { Checked, DefinitionFile } from '../../definition/check.ts';
import type { Problem } from '../../model/errors.ts';
import type { StoredColumns } from '../../definition/bind.ts';
import type { KindSpec } from '../../definition/kind-spec.ts';
import type { ChosenSteps, Plan } from '../../model/plan.ts';
import type { Hook } from '../../model/hook.ts';

export type DefinitionRequest = {
  readonly jobPath: string;
  /** Name, or a path that ends in .yaml or .yml; default: the one the job names. */
  readonly profile?: string;
  /** `name=text` for each `--param`. */
  readonly params: readonly string[];
  readonly start: Start;
  /** Id of a partition, or `latest`; without: the latest, or the first. */
  readonly partition?: string | undefined;
  /** Some steps alone: what only others read need not be there, and nobody is told of their end. */
  readonly only?: ChosenSteps | undefined;
  readonly cwd: string;
  readonly kinds: readonly KindSpec[];
  /** True: queries are bound, too, which takes an engine for SQL. */
  readonly bindSql?: boolean;
  /** What is stored for a plan's steps, where somebody may look into a store. */
  readonly stored?: ((plan: Omit<Plan, 'run'>) => StoredColumns) | undefined;
};

export type Definition = {
  readonly plan: Omit<Plan, 'run'>;
  /** Who is told when it has run: what builder.yaml says, then the job. They are no part of what is built. */
  readonly hooks: readonly Hook[];
  /** The limits of builder.yaml that its steps use. */
  readonly limits: Readonly<Record<string, number>>;
  /** `run.date`, and how the job is cut. */
  readonly cut: Pick<CheckedPartition, 'date' | 'today' | 'partitioning'>;
  /** The same wherever the project lies. */
  readonly planSha256: string;
  readonly origins: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly jobPath: string;
  readonly profilePath: string;
  readonly jobDir: string;
  /** What is right, and may surprise. */
  readonly remarks: readonly string[];
  /** Binds the queries, for who did not ask for it at once. @throws DefinitionError */
  readonly checkQueries: () => Promise<void>;
};

/** Reads and checks. @throws DefinitionError with every problem, UserError FILE_NOT_FOUND for the job itself */
export async function loadDefinition(request: DefinitionRequest): Promise<Definition> {
  const { cwd } = request;
  const jobPath = resolve(cwd, request.jobPath);
  const jobDir = dirname(jobPath);
  const shown = (path: string): string => {
    const short = relative(cwd, path);
    return short.startsWith('..') ? path : short;
  };
  const texts = new Map<string, string>();
  const read = async (path: string): Promise<DefinitionFile | undefined> => {
    const file = await readDefinitionFile(path, shown(path));
    if (file !== undefined) texts.set(file.path, file.text);
    return file;
  };

  const job = await read(jobPath);
  if (job === undefined) {
    throw new UserError(
      'FILE_NOT_FOUND',
      `the job file ${request.jobPath} does not exist or cannot be read`,
      {
        hint: 'Give it with --job; it is a YAML file such as jobs/standard.yaml.',
      },
    );
  }
  const project = lookAtProjectFile({ job: jobPath, cwd });
  for (const [path, text] of project.texts) texts.set(path, text);
  const problems: Problem[] = [...project.problems];
  const jobRoot = sourceOf(job).root;
  const named = child(jobRoot, 'profile');
  const name = request.profile ?? textOf(named);
  const finding = { job, jobDir, cwd, read, profiles: project.file?.profiles ?? [] };
  const chain = await profileChain(name, named, {
    ...finding,
    problems,
    given: request.profile !== undefined,
    // What a job that cannot be read says of its profile is not missed.
    isKnown: jobRoot?.kind === 'map' && jobRoot.entries.get('profile')?.value.kind !== 'hole',
  });
  const paths = makePlacedPaths(jobDir);
  const profileNamed = await findNestedProfiles(chain.files, { ...finding, problems });
  const checked = checkDefinition({
    job,
    profiles: chain.files,
    kinds: request.kinds,
    given: paramTexts(request.params),
    start: request.start,
    partition: request.partition,
    // Where builder.yaml is wrong, that is told.
    limits: project.problems.length > 0 ? undefined : (project.file?.limits ?? {}),
    resolvePath: paths.resolvePath,
    complete: !chain.broken,
    profileNamed,
  });
  problems.push(...checked.problems, ...(await pathProblems(pathsFor(checked, request.only))));
  if (request.bindSql === true) problems.push(...(await sqlProblems(checked, request.stored)));
  const all = sorted(problems);
  if (checked.plan === undefined || all.length > 0) throw new DefinitionError(all, texts);
  const plan = planOfChosen(checked.plan, request.only);
  const hooks = [
    ...(project.file?.hooks ?? []),
    ...hooksOf(checked.hooks, basename(jobPath), jobDir),
  ];
  return {
    plan,
    hooks: request.only === undefined ? hooks : [],
    limits: limitsFor(plan, project.file?.limits),
    cut: checked.cut,
    planSha256: paths.hashOf(plan),
    origins: checked.origins,
    jobPath,
    profilePath: chain.path ?? '',
    jobDir,
    remarks: checked.remarks,
    checkQueries: async () => {
      const found = request.bindSql === true ? [] : await sqlProblems(checked);
      if (found.length > 0) throw new DefinitionError(sorted(found), texts);
    },
  };
}

/** Those of the project that a plan uses. */
export function limitsFor(
  plan: Pick<Plan, 'profile' | 'steps'>,
  all: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const used = new Set(namedSteps(plan).flatMap(({ step }) => step.limit ?? []));
  return Object.fromEntries(Object.entries(all).filter(([name]) => used.has(name)));
}

/** The files that must be there: of some steps alone those that their options name. @throws UserError STEP_NOT_FOUND */
function pathsFor({ paths, plan }: Checked, only: ChosenSteps | undefined): Checked['paths'] {
  if (plan === undefined || only === undefined) return paths;
  const text = JSON.stringify(planOfChosen(plan, only).steps);
  return paths.filter(({ path }) => text.includes(JSON.stringify(path).slice(1, -1)));
}

/** Inputs that are not there. */
export async function pathProblems(paths: Checked['paths']): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const { at, path } of paths) {
    await readable(path).catch((error: Error) => {
      const hint = 'Paths are relative to the job file.';
      problems.push({ code: 'FILE_NOT_FOUND', ...at, message: error.message, hint });
    });
  }
  return problems;
}

/** What is wrong with the queries. The engine takes a while to load, so it is asked only where there are any. */
export async function sqlProblems(
  { steps, plan }: Pick<Checked, 'steps' | 'plan'>,
  stored?: DefinitionRequest['stored'],
): Promise<readonly Problem[]> {
  if (!needsBinding(steps)) return [];
  const { withBinder } = await import('../../duckdb/bind-query.ts');
  const known = plan === undefined ? undefined : stored?.(plan);
  return withBinder((binder) => bindProblems(steps, binder, known));
}

/** @throws Error where a path means no file, or one that cannot be read */
async function readable(path: string): Promise<void> {
  for (const { path: file } of await expandGlobs([path])) {
    await access(file, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
      throw new Error(`${file} cannot be read (${error.code ?? 'unknown'})`, { cause: error });
    });
  }
}

export function paramTexts(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word, i) => {
      const at = word.indexOf('=');
      if (at <= 0) {
        throw new UserError('BAD_PARAM', `--param ${word} is not of the form name=value`);
      }
      const name = word.slice(0, at);
      if (words.slice(0, i).some((other) => other.startsWith(`${name}=`))) {
        throw new UserError('BAD_PARAM', `--param ${name} is given more than once; give it once`);
      }
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}
