/** What a kind returned from an attempt: held to what it declares, and put into the store. */

import { lstat } from 'node:fs/promises';

import { StepError } from '../model/step-error.ts';
import { MAX_OUTPUTS, MAX_VALUES } from '../model/step-result.ts';

import type { StepDefinition, StepOutput, StepReturn } from '../kinds/contract.ts';
import type { InputArtifact, StepInputs } from '../model/attempt-inputs.ts';
import type { Column } from '../model/column.ts';
import type { Json, Scalar } from '../model/plan.ts';
import type { ArtifactRef } from '../model/step-result.ts';
import type { Store } from '../store/store.ts';

/** What a kind declares is what it returns: a mistake in its code must not look like one of a later step. @throws StepError KIND_BROKEN */
export async function holdToContract(
  { kind, outputs }: StepDefinition<unknown>,
  options: unknown,
  returned: StepReturn,
): Promise<void> {
  const given = Object.entries(returned.outputs ?? {});
  const declared = outputs?.(options);
  // The Parquet twin of a text is the runner's matter, not the kind's.
  const names = given.map(([name]) => name).filter((name) => !name.includes('.'));
  const differs = declared?.some((n) => !names.includes(n)) || names.length !== declared?.length;
  if (declared !== undefined && differs) {
    throw new StepError(
      'KIND_BROKEN',
      `${kind} declares the outputs ${declared.join(', ') || 'none'}, but returned ${names.join(', ') || 'none'}`,
    );
  }
  for (const [name, { path }] of given) {
    const isThere = await lstat(path).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      throw new StepError(
        'KIND_BROKEN',
        `${kind} returned output '${name}', but did not write ${path}`,
      );
    }
  }
}

/** Moves what was returned into the store, and answers how it is found there. */
export async function putOutputs(
  returned: StepReturn,
  inputs: StepInputs,
  store: Store,
): Promise<{ outputs: Record<string, ArtifactRef>; columns: Record<string, readonly Column[]> }> {
  const entries = Object.entries(returned.outputs ?? {});
  if (entries.filter(([name]) => !name.includes('.')).length > MAX_OUTPUTS) {
    throw new StepError(
      'OUTPUT_TOO_LARGE',
      `the step returned ${entries.length} outputs; at most ${MAX_OUTPUTS} are allowed`,
    );
  }
  const outputs: Record<string, ArtifactRef> = {};
  const columns: Record<string, readonly Column[]> = {};
  for (const [name, output] of entries) {
    const { path, columns: described, ...rest } = output;
    const passed = passedOn(output, inputs);
    outputs[name] =
      passed === undefined
        ? await store.put(path, rest)
        : { ...rest, sha256: passed.sha256, bytes: passed.bytes };
    if (described !== undefined) columns[name] = described;
  }
  return { outputs, columns };
}

/** The input that is also this output: it lies in the store already, and must stay there. */
function passedOn({ path, format }: StepOutput, inputs: StepInputs): InputArtifact | undefined {
  return Object.values(inputs)
    .flatMap(({ outputs }) => Object.values(outputs))
    .find((input) => input.path === path && input.format === format);
}

/** Values that fit into a reference. @throws StepError OUTPUT_TOO_LARGE */
export function boundedValues(values: Readonly<Record<string, Scalar>>): Record<string, Scalar> {
  const size = JSON.stringify(values satisfies Json).length;
  if (Object.keys(values).length > MAX_VALUES || size > 2000) {
    const message = `the step returned ${Object.keys(values).length} values of ${size} bytes; at most ${MAX_VALUES} values of 2000 bytes together are allowed`;
    throw new StepError('OUTPUT_TOO_LARGE', message);
  }
  return { ...values };
}
