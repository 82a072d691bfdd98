/** Moves what a kind returned into the store, within the bounds of a result. */

import { MAX_OUTPUTS, MAX_VALUES } from '../model/step-result.ts';
import { StepError } from '../model/step-error.ts';

import type { InputArtifact, StepInputs } from '../model/attempt-inputs.ts';
import type { Column } from '../model/column.ts';
import type { Json, Scalar } from '../model/plan.ts';
import type { ArtifactRef } from '../model/step-result.ts';
import type { Store } from '../store/store.ts';
import type { StepOutput, StepReturn } from '../kinds/contract.ts';

/** The references of its outputs, and the columns of those that are tables. @throws StepError OUTPUT_TOO_LARGE */
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

/** Its values. @throws StepError OUTPUT_TOO_LARGE */
export function boundedValues(values: Readonly<Record<string, Scalar>>): Record<string, Scalar> {
  const size = JSON.stringify(values satisfies Json).length;
  if (Object.keys(values).length > MAX_VALUES || size > 2000) {
    const message = `the step returned ${Object.keys(values).length} values of ${size} bytes; at most ${MAX_VALUES} values of 2000 bytes together are allowed`;
    throw new StepError('OUTPUT_TOO_LARGE', message);
  }
  return { ...values };
}
