/** What a step's result depends on, found without executing it: shared by the runner and by `explain`. */

import { pathOf } from '../model/nested.ts';
import { isRef, mentionOf, nodesIn } from '../model/plan-nodes.ts';
import { unlessAborted } from './aborted.ts';
import { expandGlobs } from './expand-globs.ts';
import { fingerprintOf } from './fingerprint.ts';
import { fingerprintForm, materialize } from './materialize.ts';
import { hashSources } from './stage-sources.ts';
import { withoutPaths } from './without-paths.ts';

import type { HeardSteps } from '../model/heard.ts';
import type { PlanStep } from '../model/plan.ts';
import type { ArtifactRef, StepResult } from '../model/step-result.ts';
import type { Store } from '../store/store.ts';
import type { Ingredients } from './fingerprint.ts';
import type { FoundFile } from './expand-globs.ts';
import type { HashedSource } from './stage-sources.ts';
import type { AnyStepDefinition, StepDefinition } from '../kinds/contract.ts';
import type { StepInputs } from '../model/attempt-inputs.ts';

export type Identity = {
  readonly fingerprint: string;
  readonly ingredients: Ingredients;
  /** Options with every node replaced, secrets by `secrets`; of an output that no source names, the path is not real. */
  readonly options: unknown;
  /** Outside files it reads, absolute. */
  readonly files: readonly FoundFile[];
  readonly reusable: boolean;
  /** Options and inputs for the work itself: every output they name is a file on this machine. */
  located(): Promise<{ readonly options: unknown; readonly inputs: StepInputs }>;
  /** The identity with other bytes in the outside files, such as those that were really copied. */
  with(sources: readonly HashedSource[]): Pick<Identity, 'fingerprint' | 'ingredients'>;
};

/** Hashes what the step would read now. `salt` binds a result that must not be reused to one run. @throws StepError */
export async function identify(
  definition: AnyStepDefinition,
  step: PlanStep,
  results: Readonly<Record<string, StepResult>>,
  store: Pick<Store, 'materialize'>,
  signal: AbortSignal,
  {
    secrets = () => '',
    heard = {},
    salt,
    onProgress,
    hash = (files) => hashSources(files, signal, onProgress),
    unpack = async () => {
      throw new Error('a folder is looked into when the step runs');
    },
  }: {
    secrets?: (name: string) => string;
    /** How other steps ended, where the options tell it. */
    heard?: HeardSteps;
    salt?: string;
    /** Called with every piece that was hashed. */
    onProgress?: () => void;
    /** Reads the outside files for their hashes. */
    hash?: (files: readonly FoundFile[]) => Promise<readonly HashedSource[]>;
    /** Makes a folder of this attempt's own of a stored one, and answers its path. */
    unpack?: (folder: ArtifactRef) => Promise<string>;
  } = {},
): Promise<Identity> {
  const kind = definition as unknown as StepDefinition<unknown>;
  const inputs = inputsOf(results, ({ sha256 }) => `${UNLOCATED}${sha256}`);
  const mentioned = outputsIn(step.options);
  let options = materialize(step.options, { inputs, heard, secrets });
  const located = async (): ReturnType<Identity['located']> => {
    const isUsed = (id: string, name: string): boolean =>
      kind.pathsOfInputs === true || mentioned.has(`${id}.${name}`);
    const real = await unlessAborted(signal, locateInputs(results, store, { isUsed, unpack }));
    return { options: materialize(step.options, { inputs: real, heard, secrets }), inputs: real };
  };
  let patterns = kind.sources?.(options) ?? [];
  if (patterns.some((pattern) => pattern.includes(UNLOCATED))) {
    ({ options } = await located());
    patterns = kind.sources?.(options) ?? [];
  }
  const files = await expandGlobs(patterns);
  const reusable = step.reuse && (kind.reusable?.(options) ?? true);
  const form = withoutPaths(
    fingerprintForm(step.options, { inputs, heard }),
    kind.roles?.paths ?? [],
  );
  const hasPlaces = kind.sourcePlaces?.(options) ?? false;
  const identityOf = (sources: readonly HashedSource[]): ReturnType<typeof fingerprintOf> =>
    fingerprintOf({
      kind: kind.kind,
      version: kind.version,
      options: form,
      sources: hasPlaces ? sources.map((source) => ({ ...source, name: source.below })) : sources,
      // What an option names of a step further out is in the option.
      inputs: Object.fromEntries(Object.entries(inputs).filter(([id]) => pathOf(id) === undefined)),
      ...(reusable || salt === undefined ? {} : { salt }),
    });
  const now = identityOf(await hash(files));
  return { ...now, options, files, reusable, located, with: identityOf };
}

/** Stands for the place of an output before anybody needs it; no path begins like this. */
const UNLOCATED = '\u0000artifact ';

type PlaceOf = (ref: ArtifactRef) => string;

/** What a step reads, with each output at its place. */
function inputsOf(results: Readonly<Record<string, StepResult>>, placeOf: PlaceOf): StepInputs {
  return Object.fromEntries(
    Object.entries(results).map(([id, { values, outputs }]) => [
      id,
      {
        values,
        outputs: Object.fromEntries(
          Object.entries(outputs).map(([name, ref]) => [name, { ...ref, path: placeOf(ref) }]),
        ),
      },
    ]),
  );
}

/** The outputs that options name, as `step.output`. */
function outputsIn(options: PlanStep['options']): ReadonlySet<string> {
  const mentions = nodesIn(options).flatMap((node) => (isRef(node) ? (mentionOf(node) ?? []) : []));
  return new Set(
    mentions.flatMap((mention) =>
      mention.part === 'outputs' ? [`${mention.step}.${mention.name}`] : [],
    ),
  );
}

/** Brings every output to this machine, and makes folders of those among them that are used as such. */
export async function locateInputs(
  results: Readonly<Record<string, StepResult>>,
  store: Pick<Store, 'materialize'>,
  folders?: {
    readonly isUsed: (id: string, output: string) => boolean;
    readonly unpack: (folder: ArtifactRef) => Promise<string>;
  },
): Promise<StepInputs> {
  const refs = Object.entries(results).flatMap(([id, { outputs }]) =>
    Object.entries(outputs).map(
      ([name, ref]) => [ref, folders?.isUsed(id, name) === true] as const,
    ),
  );
  const located = refs.map(async ([ref, isUsed]) => {
    const isFolder = ref.format === 'tree' && isUsed;
    return [ref, await (isFolder ? folders?.unpack(ref) : store.materialize(ref))] as const;
  });
  const paths = new Map(await Promise.all(located));
  return inputsOf(results, (ref) => paths.get(ref)!);
}
