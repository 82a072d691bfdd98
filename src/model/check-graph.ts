/** Checks what only all steps together show: circles, outputs that nobody makes, two exports of one name. Pure. */

import { listed } from './scope.ts';
import { didYouMean } from './suggest.ts';

import type { CheckedStep, CheckedSteps } from './check-steps.ts';
import type { Problem } from './errors.ts';

/** Problems between steps. */
export function checkGraph({ steps }: CheckedSteps): readonly Problem[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  return [...circles(byId), ...missingOutputs(steps, byId), ...sameExports(steps)];
}

/** Each circle once, named from its first step in the file. */
function circles(byId: ReadonlyMap<string, CheckedStep>): Problem[] {
  const problems: Problem[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const path: string[] = [];
  const visit = (id: string): void => {
    state.set(id, 'open');
    path.push(id);
    for (const [need, at] of byId.get(id)?.needs ?? []) {
      if (state.get(need) === 'open') {
        const circle = [...path.slice(path.indexOf(need)), need].join(' -> ');
        problems.push({
          code: 'CYCLE',
          ...at,
          message: `steps need each other in a circle: ${circle}`,
        });
      } else if (state.get(need) === undefined && byId.has(need)) visit(need);
    }
    path.pop();
    state.set(id, 'done');
  };
  for (const id of byId.keys()) if (state.get(id) === undefined) visit(id);
  return problems;
}

function missingOutputs(
  steps: readonly CheckedStep[],
  byId: ReadonlyMap<string, CheckedStep>,
): Problem[] {
  return steps.flatMap((step) =>
    step.outputs.flatMap(({ at, step: id, output }): Problem[] => {
      const maker = byId.get(id);
      if (maker?.options === undefined) return [];
      const names = maker.spec?.outputs?.(maker.options as never);
      if (names === undefined || names.includes(output)) return [];
      const hint = didYouMean(output, names);
      const message = `step '${id}' has no output '${output}'; ${listed(names)}`;
      return [{ code: 'UNKNOWN_REFERENCE', ...at, message, ...(hint !== undefined && { hint }) }];
    }),
  );
}

function sameExports(steps: readonly CheckedStep[]): Problem[] {
  const problems: Problem[] = [];
  const owners = new Map<string, string>();
  for (const step of steps) {
    if (step.options === undefined) continue;
    for (const path of step.spec?.exports?.(step.options as never) ?? []) {
      const owner = owners.get(path.toLowerCase());
      if (owner === undefined) {
        owners.set(path.toLowerCase(), step.id);
        continue;
      }
      const message = `steps '${owner}' and '${step.id}' both export ${path}; give one of them another name`;
      problems.push({ code: 'DUPLICATE_EXPORT', ...step.at, message });
    }
  }
  return problems;
}
