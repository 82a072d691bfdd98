/** `explain` (and `run-profile --dry-run`): what would run, what would be reused and what exactly changed. Starts nothing. */

import { explainStep } from '../explain-step.ts';
import { KINDS } from '../../kinds/index.ts';
import { loadDefinition } from '../../run/load-definition.ts';
import { makePaint } from '../render/paint.ts';
import { openStore } from '../run/session.ts';
import { stateDirOf } from '../state-dir.ts';

import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';
import type { Foreseen } from '../explain-step.ts';
import type { DefinitionFlags } from './validate.ts';

/** Shows the plan. Answers the exit code. @throws UserError */
export async function explainCommand(
  flags: DefinitionFlags & { readonly out?: string },
  settings: Settings,
  io: Io,
): Promise<number> {
  const definition = await loadDefinition({
    jobPath: flags.job,
    ...(flags.profile === undefined ? {} : { profile: flags.profile }),
    params: flags.param ?? [],
    date: new Date().toISOString().slice(0, 10),
    cwd: io.cwd,
    kinds: KINDS,
    bindSql: true,
  });
  const { plan, origins, planSha256 } = definition;
  const stateDir = stateDirOf({
    ...(settings.stateDir === undefined ? {} : { given: settings.stateDir }),
    from: definition.jobDir,
    cwd: io.cwd,
  });
  const store = await openStore(settings, stateDir);
  const foreseen = new Map<string, Foreseen>();
  for (const step of inOrder(plan.steps)) {
    foreseen.set(step.id, await explainStep(step, plan, { store, foreseen }));
  }
  const all = plan.steps.map((step) => ({ step, ...foreseen.get(step.id)! }));
  if (settings.json) {
    const steps = all.map(({ step, verdict, changes }) => ({
      id: step.id,
      kind: step.kind,
      needs: step.needs,
      options: step.options,
      verdict,
      changes,
    }));
    io.out(
      JSON.stringify(
        {
          job: plan.job,
          profile: plan.profile,
          plan_sha256: planSha256,
          params: plan.params,
          concurrency: plan.concurrency,
          origins,
          steps,
        },
        null,
        2,
      ),
    );
    return 0;
  }
  const paint = makePaint(io.color);
  io.say(
    `plan      ${plan.job} with ${plan.profile}, ${plan.steps.length} steps, at most ${plan.concurrency} at once`,
  );
  for (const [name, value] of Object.entries(plan.params)) {
    io.out(
      `  param ${name} = ${JSON.stringify(value)}  ${paint.dim(`(${origins[`params.${name}`]})`)}`,
    );
  }
  const width = Math.max(...plan.steps.map((step) => step.id.length));
  for (const { step, verdict, changes } of all) {
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
  const counts = { reuse: 0, run: 0 };
  for (const { verdict } of all) counts[verdict === 'reuse' ? 'reuse' : 'run'] += 1;
  io.say(`${counts.run} would run, ${counts.reuse} would be reused`);
  return 0;
}

/** Needs before those that need them. */
function inOrder<T extends { readonly id: string; readonly needs: readonly string[] }>(
  steps: readonly T[],
): readonly T[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const done = new Set<T>();
  const visit = (step: T): void => {
    if (done.has(step)) return;
    for (const need of step.needs) visit(byId.get(need)!);
    done.add(step);
  };
  for (const step of steps) visit(step);
  return [...done];
}
