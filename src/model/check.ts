/** Checks a job and a chain of profiles together, and resolves them to a plan. Every problem is reported in one pass. Pure. */

import { checkJob } from './check-job.ts';
import { checkProfiles } from './check-profiles.ts';
import { checkGraph } from './check-graph.ts';
import { checkSteps } from './check-steps.ts';
import { planFrom } from './plan-from.ts';

import type { Problem } from './errors.ts';
import type { KindSpec } from './kind-spec.ts';
import type { PathUse } from './options.ts';
import type { Plan } from './plan.ts';

/** A definition file: the path as shown in messages, and its text. */
export type DefinitionFile = { readonly path: string; readonly text: string };

export type CheckInput = {
  readonly job: DefinitionFile;
  /** Profiles, the one that extends nothing first. */
  readonly profiles: readonly DefinitionFile[];
  readonly kinds: readonly KindSpec[];
  /** Texts of `--param name=text`. */
  readonly given: Readonly<Record<string, string>>;
  /** `run.date`, YYYY-MM-DD. */
  readonly date: string;
  /** Absolute path of one written relative to the job. */
  readonly resolvePath: (relative: string) => string;
};

export type Checked = {
  /** Undefined if there is any problem. */
  readonly plan: Omit<Plan, 'run'> | undefined;
  /** Sorted by file, line and column. */
  readonly problems: readonly Problem[];
  /** Files and globs that must exist for the plan to run. */
  readonly paths: readonly PathUse[];
  /** Where each setting came from: dotted name to `file:line`, `--param` or `built in`. */
  readonly origins: Readonly<Record<string, string>>;
};

/** Checks and resolves. Never throws for anything a file may hold. */
export function checkDefinition(input: CheckInput): Checked {
  const job = checkJob(input);
  const profiles = checkProfiles(input, job);
  const steps = checkSteps(input, job, profiles);
  const graph = checkGraph(steps);
  const problems = sorted([...job.problems, ...profiles.problems, ...steps.problems, ...graph]);
  const paths = [...job.paths, ...steps.paths];
  if (problems.length > 0) return { plan: undefined, problems, paths, origins: {} };
  const { plan, origins } = planFrom(job, profiles, steps);
  return { plan, problems, paths, origins };
}

/** In reading order, each once. */
export function sorted(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems
    .filter((problem) => {
      const key = JSON.stringify(problem);
      return !seen.has(key) && seen.add(key);
    })
    .toSorted(
      (a, b) =>
        compare(a.file, b.file) ||
        a.line - b.line ||
        a.column - b.column ||
        compare(a.code, b.code),
    );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
