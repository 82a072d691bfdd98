/**
 * The `give` activity: the result of a step that is a profile, made of what the steps of that profile made. It executes
 * nothing and copies nothing: its outputs are theirs.
 */

import { createHash } from 'node:crypto';

import { canonicalJson } from '../model/canonical.ts';
import { failureOf } from '../model/failure.ts';
import { givenOf } from '../model/nested.ts';
import { PROFILE_KIND } from '../model/plan.ts';
import { applicationFailure } from './application-failure.ts';

import type { Column } from '../model/column.ts';
import type { GiveInput, StepResult } from '../model/step-result.ts';
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

/** The result, stored as that of any step. */
export async function give(input: GiveInput, { store, bootId }: Giving): Promise<StepResult> {
  const { run, step, inputs, about } = input;
  const { outputs, values, from } = givenOf(step.gives, (id) => inputs[id]);
  const columns: Record<string, readonly Column[]> = {};
  for (const [name, { of, output }] of Object.entries(from)) {
    const described = (await store.noted(of.fingerprint))?.columns[output];
    if (described !== undefined) columns[name] = described;
  }
  const { fingerprint, ingredients } = giftFingerprint(outputs, values);
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

/** What is given, by its content: two profiles that give the same have the same result. */
export function giftFingerprint(
  outputs: StepResult['outputs'],
  values: StepResult['values'],
): { readonly fingerprint: string; readonly ingredients: unknown } {
  const contents = Object.entries(outputs).map(
    ([name, { sha256, format, restores = false }]) => [name, [sha256, format, restores]] as const,
  );
  const ingredients = { kind: PROFILE_KIND, outputs: Object.fromEntries(contents), values };
  const fingerprint = createHash('sha256').update(canonicalJson(ingredients)).digest('hex');
  return { fingerprint, ingredients };
}

/** Rows of the main table, where it counts any. */
function rowsOf({ table }: StepResult['outputs']): { readonly rowsOut?: number } {
  return table?.rows === undefined ? {} : { rowsOut: table.rows };
}
