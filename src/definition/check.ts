/** Checks a job and a chain of profiles together, and resolves them to a plan. Every problem is reported in one pass. Pure. */

import { checkJob } from './check-job.ts';
import { checkProfiles } from './check-profiles.ts';
import { checkGraph } from './check-graph.ts';
import { checkKnownTables } from './check-known-tables.ts';
import { checkSteps } from './check-steps.ts';
import { checkNested, takesAlone } from './nested.ts';
import { withOddLetter } from './odd-letters.ts';
import { planFrom } from './plan-from.ts';
import { sizeProblems } from './plan-size.ts';

import type { CheckedPartition } from './check-partition.ts';
import type { CheckedJob } from './check-job.ts';
import type { CheckedStep } from './checked-step.ts';
import type { CheckedProfiles } from './check-profiles.ts';
import type { Problem } from '../model/errors.ts';
import type { Job } from './job.ts';
import type { PathUse } from './options.ts';
import type { DefinitionFile } from './source.ts';
import type { Plan } from '../model/plan.ts';
import type { CheckInput } from './check-input.ts';

export type { DefinitionFile };

export type Checked = {
  /** Undefined if there is any problem. */
  readonly plan: Omit<Plan, 'run'> | undefined;
  /** What the job says under `hooks`; undefined: nothing, or it is wrong. */
  readonly hooks: Job['hooks'];
  /** How the job is cut, and what of it is made. */
  readonly cut: CheckedPartition;
  /** Sorted by file, line and column. */
  readonly problems: readonly Problem[];
  /** What is right, and may surprise. */
  readonly remarks: readonly string[];
  /** Files and globs that must exist for the plan to run. */
  readonly paths: readonly PathUse[];
  /** The steps, for what only an engine can judge. */
  readonly steps: readonly CheckedStep[];
  /** Where each setting came from: dotted name to `file:line`, `--param` or `built in`. */
  readonly origins: Readonly<Record<string, string>>;
};

/** More copies of one key than this are named as such; looking into each would only cost time. */
const MAX_COPIES = 5;

/** Checks and resolves. Never throws for anything a file may hold. */
export function checkDefinition(input: CheckInput): Checked {
  const { copies, ...first } = checkCopy(input, 0);
  // A key that stands twice hides its first value: each further look takes another copy.
  const others = Array.from({ length: Math.min(copies, MAX_COPIES) - 1 }, (_, i) =>
    checkCopy(input, i + 1),
  );
  const problems = [first, ...others].flatMap((each) => each.problems);
  return { ...first, problems: sorted(problems.map(withOddLetter)) };
}

function checkCopy(input: CheckInput, copy: number): Checked & { readonly copies: number } {
  const job = checkJob(input, copy);
  const profiles = checkProfiles(input, job, copy);
  const steps = checkSteps(input, job, profiles, { nestedOf: checkNested });
  const graph = [...takesAlone(profiles), ...checkGraph(steps), ...checkKnownTables(steps.steps)];
  const problems = [...job.problems, ...profiles.problems, ...steps.problems, ...graph].filter(
    (problem) => isKnown(problem, job, profiles),
  );
  const about = {
    hooks: job.job?.hooks,
    cut: job.cut,
    problems,
    remarks: job.remarks,
    paths: [...job.paths, ...steps.paths],
    // Of more steps than can be run no query is bound: that alone would take seconds.
    steps: problems.some(({ code }) => code === 'TOO_MANY_STEPS') ? [] : steps.steps,
    copies: Math.max(job.copies, profiles.copies),
  };
  if (problems.length > 0 || profiles.root === undefined || !profiles.complete) {
    return { ...about, plan: undefined, origins: {} };
  }
  const made = planFrom(job, profiles, steps);
  const tooLarge = sizeProblems(made.plan, steps.steps);
  if (tooLarge.length > 0) return { ...about, problems: tooLarge, plan: undefined, origins: {} };
  return { ...about, ...made };
}

/** False for what may well stand in a file that could not be read. */
function isKnown({ code, message }: Problem, job: CheckedJob, profiles: CheckedProfiles): boolean {
  if (code !== 'UNKNOWN_REFERENCE') return true;
  if (job.root === undefined && message.includes('the job has no')) return false;
  return profiles.complete || !message.includes('the profile has no step');
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
