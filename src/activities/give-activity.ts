/**
 * The `give` activity: the result of a step that is a profile, made of what the steps of that profile made. It executes
 * nothing and copies nothing: its outputs are theirs.
 */

import { createHash } from 'node:crypto';

import { canonicalJson } from '../model/canonical.ts';
import { failureOf } from '../model/failure.ts';
import { PROFILE_KIND } from '../model/plan.ts';
import { applicationFailure } from './application-failure.ts';

import type { Column } from '../model/column.ts';
import type { Scalar } from '../model/plan.ts';
import type { ArtifactRef, GiveInput, StepResult } from '../model/step-result.ts';
import type { StoredResult } from '../store/entries.ts';
import type { Store } from '../store/store.ts';

type Giving = { readonly store: Pick<Store, 'noted' | 'putResult'>; readonly bootId: string };

/** As an activity. */
export function makeGiveActivity(giving: Giving): (input: GiveInput) => Promise<StepResult> {
  return async (input) => {
    try {
      return await give(input, giving);
    } catch (error) {
      throw applicationFailure(failureOf(error), error);
    }
  };
}

/** The result, stored as that of any step. Of what was not made nothing is given. */
export async function give(
  { run, step, inputs, about }: GiveInput,
  { store, bootId }: Giving,
): Promise<StepResult> {
  const outputs: Record<string, ArtifactRef> = {};
  const columns: Record<string, readonly Column[]> = {};
  for (const [name, { step: id, output }] of Object.entries(step.gives.outputs)) {
    const made = inputs[id];
    if (made === undefined) continue;
    const stored = await store.noted(made.fingerprint);
    for (const [own, ref] of Object.entries(made.outputs)) {
      // The Parquet twin of a text goes with it.
      if (own !== output && !own.startsWith(`${output}.`)) continue;
      const given = `${name}${own.slice(output.length)}`;
      outputs[given] = ref;
      const described = stored?.columns[own];
      if (described !== undefined) columns[given] = described;
    }
  }
  const values: Record<string, Scalar> = {};
  for (const [name, { step: id, value }] of Object.entries(step.gives.values)) {
    const found = inputs[id]?.values;
    if (found !== undefined && Object.hasOwn(found, value)) values[name] = found[value]!;
  }
  const ingredients = {
    kind: PROFILE_KIND,
    outputs: mapValues(outputs, ({ sha256, format, restores = false }) => [
      sha256,
      format,
      restores,
    ]),
    values,
  };
  const fingerprint = createHash('sha256').update(canonicalJson(ingredients)).digest('hex');
  const { job, profile, partition, within } = run;
  const stored: StoredResult = {
    result: { fingerprint, outputs, values, ...rowsOf(outputs) },
    step: {
      ...{ job, profile, id: step.id },
      ...(partition === undefined ? {} : { partition }),
      ...(within === undefined ? {} : { within }),
    },
    runId: run.id,
    writtenAtMs: Date.now(),
    durationMs: about.durationMs,
    ingredients,
    columns,
    bootId,
  };
  const winner = await store.putResult(fingerprint, stored);
  return { ...winner.result, ...about };
}

/** Rows of the main table, where it counts any. */
function rowsOf({ table }: Readonly<Record<string, ArtifactRef>>): { readonly rowsOut?: number } {
  return table?.rows === undefined ? {} : { rowsOut: table.rows };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
