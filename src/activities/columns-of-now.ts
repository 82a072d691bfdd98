/**
 * The columns that the tables of a plan have, of results that the store holds for the very bytes the steps would read now.
 * Executes nothing. A result of other bytes says nothing of these: then nobody knows.
 */

import { stat } from 'node:fs/promises';

import {
  depthOf,
  givenOf,
  inputsOf,
  namedSteps,
  nameIn,
  nameOfPath,
  outerPaths,
} from '../model/nested.ts';
import { giftFingerprint } from './give-activity.ts';
import { identify } from './identity.ts';
import { hashSources } from './stage-sources.ts';

import type { AnyStepDefinition } from '../kinds/contract.ts';
import type { Column } from '../model/column.ts';
import type { NestedProfile, Plan } from '../model/plan.ts';
import type { StepResult } from '../model/step-result.ts';
import type { StoredResult } from '../store/entries.ts';
import type { Store } from '../store/store.ts';
import type { FoundFile } from './expand-globs.ts';

/** Bytes that are read to see whether they are those of a stored result. Whoever waits for an answer waits for this. */
export const MOST_BYTES = 64 * 2 ** 20;
const LIMIT_MS = 5_000;

/** Columns of the outputs of a step, which is named as in the run, by name; undefined where the store does not tell. Never throws. */
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
  const answers = new Map<string, Promise<StoredResult | undefined>>();
  let leftBytes = MOST_BYTES;
  const hash = async (files: readonly FoundFile[]): ReturnType<typeof hashSources> => {
    for (const { path } of files) leftBytes -= (await stat(path)).size;
    if (leftBytes < 0) throw new Error('there is more to read than is worth waiting for');
    return hashSources(files, signal);
  };

  const all = new Map(namedSteps({ profile, steps }).map((each) => [each.name, each]));
  /** Results by what the step calls them, of names in the run; undefined: one of them is not known. */
  const resultsOf = async (
    names: readonly (readonly [called: string, name: string])[],
  ): Promise<Readonly<Record<string, StepResult>> | undefined> => {
    const results: Record<string, StepResult> = {};
    for (const [called, name] of names) {
      const stored = await resultOf(name);
      if (stored === undefined) return undefined;
      results[called] = { ...stored.result, cached: true, durationMs: 0 };
    }
    return results;
  };

  const look = async (asked: string): Promise<StoredResult | undefined> => {
    const found = all.get(asked);
    if (found === undefined) return undefined;
    const { step, within, profile: own } = found;
    // Of a step with items nobody knows without a look at all of them.
    if (step.foreach !== undefined) return undefined;
    if (step.nested !== undefined) return gift(asked, step.nested);
    const definition = kinds.find(({ kind }) => kind === step.kind);
    if (definition === undefined) return undefined;
    // Without any result there is no use in reading what it would be of.
    if ((await store.latestOf(job, own, step.id)) === undefined) return undefined;
    const inputs = await resultsOf(step.reads.map((id) => [id, nameIn(within, id)]));
    const paths = outerPaths(step, depthOf(within));
    const outer = await resultsOf(paths.map((path) => [path, nameOfPath(within, path)]));
    if (inputs === undefined || outer === undefined) return undefined;
    const given = inputsOf({ step, inputs, outer });
    const identity = await identify(definition, step, given, store, signal, { hash });
    return identity.reusable ? store.noted(identity.fingerprint) : undefined;
  };

  /** What a profile would give of what its steps have. */
  const gift = async (
    within: string,
    { gives }: NestedProfile,
  ): Promise<StoredResult | undefined> => {
    const of = [...Object.values(gives.outputs), ...Object.values(gives.values)];
    const results = await resultsOf(of.map(({ step }) => [step, nameIn(within, step)]));
    if (results === undefined) return undefined;
    const { outputs, values } = givenOf(gives, (id) => results[id]);
    return store.noted(giftFingerprint(outputs, values).fingerprint);
  };
  const resultOf = (id: string): Promise<StoredResult | undefined> => {
    const asked = answers.get(id) ?? look(id).catch(() => undefined);
    answers.set(id, asked);
    return asked;
  };
  return async (step) => (await resultOf(step))?.columns;
}
