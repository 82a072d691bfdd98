/**
 * The columns that the tables of a plan have, of results that the store holds for the very bytes the steps would read now.
 * Executes nothing. A result of other bytes says nothing of these: then nobody knows.
 */

import { stat } from 'node:fs/promises';

import { identify } from './identity.ts';
import { hashSources } from './stage-sources.ts';

import type { AnyStepDefinition } from '../kinds/contract.ts';
import type { Column } from '../model/column.ts';
import type { Plan } from '../model/plan.ts';
import type { StepResult } from '../model/step-result.ts';
import type { StoredResult } from '../store/entries.ts';
import type { Store } from '../store/store.ts';
import type { FoundFile } from './expand-globs.ts';

/** Bytes that are read to see whether they are those of a stored result. Whoever waits for an answer waits for this. */
export const MOST_BYTES = 64 * 2 ** 20;
const LIMIT_MS = 5_000;

/** Columns of a step's outputs by name; undefined where the store does not tell. Never throws. */
export type ColumnsOfNow = (
  step: string,
) => Promise<Readonly<Record<string, readonly Column[]>> | undefined>;

export function makeColumnsOfNow(
  { job, profile, steps }: Pick<Plan, 'job' | 'profile' | 'steps'>,
  {
    kinds,
    store,
  }: {
    readonly kinds: readonly AnyStepDefinition[];
    readonly store: Pick<Store, 'latestOf' | 'noted' | 'materialize'>;
  },
): ColumnsOfNow {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const found = new Map<string, Promise<StoredResult | undefined>>();
  let leftBytes = MOST_BYTES;
  const hash = async (files: readonly FoundFile[]): ReturnType<typeof hashSources> => {
    for (const { path } of files) leftBytes -= (await stat(path)).size;
    if (leftBytes < 0) throw new Error('there is more to read than is worth waiting for');
    return hashSources(files, signal);
  };

  const look = async (id: string): Promise<StoredResult | undefined> => {
    const step = steps.find((each) => each.id === id);
    const definition = kinds.find(({ kind }) => kind === step?.kind);
    if (step === undefined || definition === undefined) return undefined;
    // Of a step with items nobody knows without a look at all of them.
    if (step.foreach !== undefined) return undefined;
    // Without any result there is no use in reading what it would be of.
    if ((await store.latestOf(job, profile, id)) === undefined) return undefined;
    const inputs: Record<string, StepResult> = {};
    for (const need of step.reads) {
      const stored = await resultOf(need);
      if (stored === undefined) return undefined;
      inputs[need] = { ...stored.result, cached: true, durationMs: 0 };
    }
    const identity = await identify(definition, step, inputs, store, signal, { hash });
    return identity.reusable ? store.noted(identity.fingerprint) : undefined;
  };
  const resultOf = (id: string): Promise<StoredResult | undefined> => {
    const asked = found.get(id) ?? look(id).catch(() => undefined);
    found.set(id, asked);
    return asked;
  };
  return async (step) => (await resultOf(step))?.columns;
}
