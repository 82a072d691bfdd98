/** Reads what a profile gives back as a step: tables and files of its steps by name, and values. Pure. */

import { MAX_OUTPUTS, MAX_VALUES } from '../model/step-result.ts';
import { isRef, mentionOf } from '../model/plan-nodes.ts';
import { MAIN_OUTPUT } from '../model/plan.ts';
import { didYouMean } from '../model/suggest.ts';
import { child, entriesOf } from './located.ts';
import { hasReference } from './reference.ts';
import { replaceReferences } from './replace.ts';
import { listed } from './scope.ts';

import type { CheckedProfiles } from './check-profiles.ts';
import type { CheckedStep, CheckedSteps } from './checked-step.ts';
import type { Located, Place } from './located.ts';
import type { Root, Scope } from './scope.ts';
import type { Problem } from '../model/errors.ts';
import type { NestedProfile, StepOutputName, StepValueName } from '../model/plan.ts';

const STEPS: ReadonlySet<Root> = new Set(['steps'] as const);
const TABLE = /^([a-z][a-z0-9_]{0,62})(?:\.([A-Za-z_][A-Za-z0-9_-]*))?$/;

type Found =
  | { readonly kind: 'output'; readonly of: StepOutputName }
  | { readonly kind: 'value'; readonly of: StepValueName };

/** Everything that the profile gives and that there is; the rest is a problem. */
export function givesOf({
  profiles,
  steps: { steps },
  scope,
  taken,
  problems,
}: {
  readonly profiles: CheckedProfiles;
  readonly steps: CheckedSteps;
  readonly scope: Scope;
  readonly taken: ReadonlyMap<string, unknown>;
  readonly problems: Problem[];
}): NestedProfile['gives'] {
  const outputs: Record<string, StepOutputName> = {};
  const values: Record<string, StepValueName> = {};
  const ids = new Set(steps.map(({ id }) => id));
  const byId = new Map(steps.map((step) => [step.id, step]));
  const about = { scope: { ...scope, steps: ids }, byId, problems };
  const gives = child(profiles.root, 'gives');
  for (const [name, { value }] of entriesOf(gives)) {
    const found = readOne(name, value, about);
    if (found === undefined) continue;
    if (taken.has(found.of.step)) {
      const message = `gives.${name}: the table '${found.of.step}' is one that the profile is given; read it where it comes from`;
      problems.push({ code: 'BAD_VALUE', ...value.at, message });
    } else if (!isThere(name, found, value.at, about) && profiles.complete) continue;
    else if (found.kind === 'output') outputs[name] = found.of;
    else values[name] = found.of;
  }
  const [most, what] =
    Object.keys(outputs).length > MAX_OUTPUTS
      ? [MAX_OUTPUTS, 'tables and files']
      : [MAX_VALUES, 'values'];
  if (Object.keys(outputs).length > MAX_OUTPUTS || Object.keys(values).length > MAX_VALUES) {
    const message = `a profile gives at most ${most} ${what}`;
    problems.push({ code: 'BAD_VALUE', ...gives!.at, message });
  }
  return { outputs, values };
}

type About = {
  readonly scope: Scope;
  readonly byId: ReadonlyMap<string, CheckedStep>;
  readonly problems: Problem[];
};

function readOne(name: string, located: Located, { scope, problems }: About): Found | undefined {
  if (located.kind !== 'scalar' || typeof located.value !== 'string') return undefined;
  const wrong = (): undefined => {
    const message = `gives.${name}: '${String(located.value)}'; expected the id of a step, such as 'clean' or 'clean.rejected', or a value such as \${{ steps.clean.values.rows }}`;
    problems.push({ code: 'BAD_VALUE', ...located.at, message });
  };
  if (!hasReference(located.value)) {
    const match = TABLE.exec(located.value);
    if (match === null) return wrong();
    return { kind: 'output', of: { step: match[1]!, output: match[2] ?? MAIN_OUTPUT } };
  }
  const before = problems.length;
  const replaced = replaceReferences(located, { scope, allowed: STEPS, problems, uses: [] });
  if (problems.length > before) return undefined;
  const mention =
    replaced.kind === 'node' && isRef(replaced.value) ? mentionOf(replaced.value) : undefined;
  if (mention?.part === 'outputs') {
    return { kind: 'output', of: { step: mention.step, output: mention.name } };
  }
  if (mention?.part !== 'values') return wrong();
  return { kind: 'value', of: { step: mention.step, value: mention.name } };
}

/** False, with a problem, where no step makes it. */
function isThere(name: string, found: Found, at: Place, { byId, problems }: About): boolean {
  const { step: id } = found.of;
  const maker = byId.get(id);
  if (maker === undefined) {
    const known = [...byId.keys()];
    const hint = didYouMean(id, known);
    const message = `gives.${name}: '${id}' is no step of this profile; ${listed(known)}`;
    problems.push({ code: 'UNKNOWN_NEED', ...at, message, ...(hint && { hint }) });
    return false;
  }
  if (maker.options === undefined) return true;
  const { spec, options } = maker;
  const [what, wanted, names] =
    found.kind === 'output'
      ? (['output', found.of.output, spec?.outputs?.(options as never)] as const)
      : (['value', found.of.value, spec?.values?.(options as never)] as const);
  if (names === undefined || names.includes(wanted)) return true;
  const hint = didYouMean(wanted, names);
  const message = `gives.${name}: step '${id}' has no ${what} '${wanted}'; ${listed(names)}`;
  problems.push({ code: 'UNKNOWN_REFERENCE', ...at, message, ...(hint && { hint }) });
  return false;
}
