/** `explain` (and `run-profile --dry-run`): what would run, what would be reused and what exactly changed. Starts nothing. */

import { openProject } from '../../index.ts';
import { nameIn } from '../../model/nested.ts';
import { placeOf } from '../place.ts';
import { projectOptions } from '../project-options.ts';
import { makePaint } from '../render/paint.ts';
import { requestOf } from '../definition-flags.ts';

import type { ChosenSteps } from '../../model/plan.ts';
import type { Explanation } from '../../index.ts';
import type { Foreseen } from '../../run/one/explain.ts';
import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';
import type { DefinitionFlags } from '../definition-flags.ts';

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
    steps: steps.map(stepJson),
  };
}

function stepJson({ step, verdict, changes, steps }: Foreseen): Record<string, unknown> {
  return {
    id: step.id,
    kind: step.kind,
    needs: step.needs,
    options: step.options,
    verdict,
    changes,
    ...(steps === undefined ? {} : { profile: step.nested?.profile, steps: steps.map(stepJson) }),
  };
}

/** Those of a profile behind the step that it is, by their names in the run. */
function flat(
  steps: readonly Foreseen[],
  within?: string,
): readonly { readonly name: string; readonly foreseen: Foreseen }[] {
  return steps.flatMap((foreseen) => {
    const name = nameIn(within, foreseen.step.id);
    return [{ name, foreseen }, ...flat(foreseen.steps ?? [], name)];
  });
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
  const all = flat(steps);
  const width = Math.max(...all.map(({ name }) => name.length));
  for (const { name: called, foreseen } of all) {
    const { step, verdict, changes } = foreseen;
    const setting = `steps.${called.replaceAll('/', '.steps.')}.`;
    const needs = step.needs.length === 0 ? '' : `  after ${step.needs.join(', ')}`;
    io.out(`  ${called.padEnd(width)}  ${verdict.padEnd(5)}  ${step.kind}${paint.dim(needs)}`);
    for (const change of changes) io.out(`  ${' '.repeat(width)}         ${change}`);
    if (settings.verbose) {
      for (const [name, place] of Object.entries(origins)) {
        const own = name.slice(setting.length);
        if (name.startsWith(setting) && !own.startsWith('steps.'))
          io.out(`  ${' '.repeat(width)}         ${own}: ${place}`);
      }
    }
  }
  const leaves = all.filter(({ foreseen }) => foreseen.steps === undefined);
  const count = (...verdicts: readonly string[]): number =>
    leaves.filter(({ foreseen }) => verdicts.includes(foreseen.verdict)).length;
  const others = [
    [count('skip'), 'would be skipped'],
    [count('fail'), 'would fail'],
  ] as const;
  const more = others.filter(([n]) => n > 0).map(([n, words]) => `, ${n} ${words}`);
  io.say(`${count('run', 'wait')} would run, ${count('reuse')} would be reused${more.join('')}`);
}
