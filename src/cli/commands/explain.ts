/** `explain` (and `run-profile --dry-run`): what would run, what would be reused and what exactly changed. Starts nothing. */

import { openProject } from '../../index.ts';
import { placeOf } from '../place.ts';
import { projectOptions } from '../project-options.ts';
import { makePaint } from '../render/paint.ts';
import { requestOf } from './validate.ts';

import type { ChosenSteps } from '../../model/chosen-steps.ts';
import type { Explanation } from '../../index.ts';
import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';
import type { DefinitionFlags } from './validate.ts';

/** Shows the plan. Answers the exit code. @throws UserError */
export async function explainCommand(
  flags: DefinitionFlags & { readonly out?: string },
  settings: Settings,
  io: Io,
): Promise<number> {
  return showPlan(flags, settings, io, undefined);
}

/** The same of some steps alone. */
export async function showPlan(
  flags: DefinitionFlags & { readonly out?: string },
  settings: Settings,
  io: Io,
  only: ChosenSteps | undefined,
): Promise<number> {
  const place = placeOf(settings, io.cwd, flags.job);
  const stateDir = place.stateDir.path;
  const project = openProject({ ...projectOptions(place.settings, io), stateDir });
  const explanation = await project.explain({ ...requestOf(flags), out: flags.out, only });
  if (settings.json) io.out(JSON.stringify(jsonOf(explanation), null, 2));
  else show(explanation, settings, io);
  return 0;
}

function jsonOf({ plan, planSha256, origins, steps }: Explanation): Record<string, unknown> {
  return {
    job: plan.job,
    profile: plan.profile,
    plan_sha256: planSha256,
    params: plan.params,
    concurrency: plan.concurrency,
    origins,
    steps: steps.map(({ step, verdict, changes }) => ({
      id: step.id,
      kind: step.kind,
      needs: step.needs,
      options: step.options,
      verdict,
      changes,
    })),
  };
}

function show({ plan, origins, steps }: Explanation, settings: Settings, io: Io): void {
  const paint = makePaint(io.results.color);
  io.say(
    `plan      ${plan.job} with ${plan.profile}, ${plan.steps.length} steps, at most ${plan.concurrency} at once`,
  );
  for (const [name, value] of Object.entries(plan.params)) {
    io.out(
      `  param ${name} = ${JSON.stringify(value)}  ${paint.dim(`(${origins[`params.${name}`]})`)}`,
    );
  }
  const width = Math.max(...plan.steps.map((step) => step.id.length));
  for (const { step, verdict, changes } of steps) {
    const needs = step.needs.length === 0 ? '' : `  after ${step.needs.join(', ')}`;
    io.out(`  ${step.id.padEnd(width)}  ${verdict.padEnd(5)}  ${step.kind}${paint.dim(needs)}`);
    for (const change of changes) io.out(`  ${' '.repeat(width)}         ${change}`);
    if (settings.verbose) {
      for (const [name, place] of Object.entries(origins)) {
        if (name.startsWith(`steps.${step.id}.`))
          io.out(`  ${' '.repeat(width)}         ${name.slice(step.id.length + 7)}: ${place}`);
      }
    }
  }
  const count = (...verdicts: readonly string[]): number =>
    steps.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const others = [
    [count('skip'), 'would be skipped'],
    [count('fail'), 'would fail'],
  ] as const;
  const more = others.filter(([n]) => n > 0).map(([n, words]) => `, ${n} ${words}`);
  io.say(`${count('run', 'wait')} would run, ${count('reuse')} would be reused${more.join('')}`);
}
