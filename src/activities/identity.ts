/** What a step's result depends on, found without executing it: shared by the runner and by `explain`. */

import { expandGlobs } from './expand-globs.ts';
import { fingerprintOf } from './fingerprint.ts';
import { fingerprintForm, materialize } from './materialize.ts';
import { hashSources } from './stage-sources.ts';

import type { Json, PlanStep } from '../model/plan.ts';
import type { StepResult } from '../model/step-result.ts';
import type { Store } from '../store/store.ts';
import type { Ingredients } from './fingerprint.ts';
import type { FoundFile } from './expand-globs.ts';
import type { HashedSource } from './stage-sources.ts';
import type { AnyStepDefinition, StepDefinition } from '../kinds/contract.ts';
import type { StepInputs } from '../model/attempt-inputs.ts';

export type Identity = {
  readonly fingerprint: string;
  readonly ingredients: Ingredients;
  /** Options with every node replaced; secrets by `secrets`. */
  readonly options: unknown;
  readonly inputs: StepInputs;
  /** Outside files it reads, absolute. */
  readonly files: readonly FoundFile[];
  readonly reusable: boolean;
  /** The identity with other bytes in the outside files, such as those that were really copied. */
  with(sources: readonly HashedSource[]): Pick<Identity, 'fingerprint' | 'ingredients'>;
};

/** Hashes what the step would read now. `salt` binds a result that must not be reused to one run. @throws StepError */
export async function identify(
  definition: AnyStepDefinition,
  step: PlanStep,
  results: Readonly<Record<string, StepResult>>,
  store: Pick<Store, 'pathOf'>,
  signal: AbortSignal,
  {
    secrets = () => '',
    salt,
    onProgress,
  }: {
    secrets?: (name: string) => string;
    salt?: string;
    /** Called with every piece that was hashed. */
    onProgress?: () => void;
  } = {},
): Promise<Identity> {
  const kind = definition as unknown as StepDefinition<unknown>;
  const inputs = locate(results, store);
  const options = materialize(step.options, { inputs, secrets });
  const files = await expandGlobs(kind.sources?.(options) ?? []);
  const reusable = step.reuse && (kind.reusable?.(options) ?? true);
  const form = withoutPaths(fingerprintForm(step.options, inputs), kind.roles?.paths ?? []);
  const hasPlaces = kind.sourcePlaces?.(options) ?? false;
  const identityOf = (sources: readonly HashedSource[]): ReturnType<typeof fingerprintOf> =>
    fingerprintOf({
      kind: kind.kind,
      version: kind.version,
      options: form,
      sources: hasPlaces ? sources.map((source) => ({ ...source, name: source.below })) : sources,
      inputs,
      ...(reusable || salt === undefined ? {} : { salt }),
    });
  const now = identityOf(await hashSources(files, signal, onProgress));
  return { ...now, options, inputs, files, reusable, with: identityOf };
}

/** Where a file lies is not what it holds: options that are paths are known by their content. */
function withoutPaths(options: Json, patterns: readonly string[]): Json {
  const drop = new Set(patterns.map((pattern) => pattern.split('.')[0]));
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return options;
  return Object.fromEntries(Object.entries(options).filter(([key]) => !drop.has(key)));
}

function locate(
  results: Readonly<Record<string, StepResult>>,
  store: Pick<Store, 'pathOf'>,
): StepInputs {
  return Object.fromEntries(
    Object.entries(results).map(([id, result]) => [
      id,
      {
        values: result.values,
        outputs: Object.fromEntries(
          Object.entries(result.outputs).map(([name, ref]) => [
            name,
            { ...ref, path: store.pathOf(ref) },
          ]),
        ),
      },
    ]),
  );
}
