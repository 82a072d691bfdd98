/**
 * What the store knows of a step's items before any is worked on: the whole step's result, else those of single items.
 * One decision, for the worker, for a run that needs no engine, and for `explain`. Executes nothing.
 */

import { createHash } from 'node:crypto';

import { canonicalJson } from '../model/canonical.ts';
import { itemStep } from '../model/items.ts';
import { StepError } from '../model/step-error.ts';
import { findItems } from './find-items.ts';
import { fingerprintOf } from './fingerprint.ts';
import { stepFor } from './item-attempt.ts';
import { fingerprintForm } from './materialize.ts';
import { identifyAttempt, reuse, taken } from './reuse.ts';
import { hashSources } from './stage-sources.ts';
import { withoutPaths } from './without-paths.ts';

import type {
  AnyStepDefinition,
  ItemTables,
  SessionContext,
  StepDefinition,
} from '../kinds/contract.ts';
import type { FoundItems, ListedItem } from '../model/listed-item.ts';
import type { Foreach } from '../model/plan.ts';
import type { StepResult } from '../model/step-result.ts';
import type { StoredResult } from '../store/entries.ts';
import type { Store } from '../store/store.ts';
import type { FoundFile } from './expand-globs.ts';
import type { Ingredients } from './fingerprint.ts';
import type { Identity } from './identity.ts';

import type { ReuseInput, SecretsInUse } from './reuse.ts';
import type { HashedSource } from './stage-sources.ts';

/** Raised when the same items would be put together differently. */
const GATHERING = 'items 1';

export type KnownItem = { readonly index: number; readonly result: StepResult };

export type Known = FoundItems & {
  /** The step's result, if it is there. */
  readonly whole?: StepResult;
  /** Those that have a result, in order. */
  readonly results: readonly KnownItem[];
  /** False: the result is kept for one run only. Absent where no look at the items was worth it. */
  readonly isReusable?: boolean;
  /** What the whole is made of; absent like `isReusable`. */
  readonly ingredients?: Ingredients;
};

export type Looking = {
  readonly store: Store;
  readonly secrets: SecretsInUse;
  readonly signal: AbortSignal;
  readonly tables: ItemTables;
  /** Where the table of the items is read. */
  readonly session: SessionContext;
  readonly elapsedMs: () => number;
  readonly onProgress?: () => void;
  /** False: outside files are not read for items that nothing was ever stored of. */
  readonly always: boolean;
};

/** @throws StepError */
export async function lookAtItems(
  definition: AnyStepDefinition,
  input: ReuseInput,
  looking: Looking,
): Promise<Known> {
  const { step, run } = input;
  const { foreach } = step;
  const { store, signal, onProgress = () => undefined } = looking;
  if (foreach === undefined) throw new Error('unreachable: the step has items');
  const found = await findItems(foreach, (table) => looking.tables.rows(table, looking.session));
  const kind = definition as unknown as StepDefinition<unknown>;
  const mayBeThere =
    looking.always ||
    kind.sources === undefined ||
    (await store.latestOf(run.job, run.profile, step.id)) !== undefined;
  // What a profile made of an item is known once its steps were looked up, one by one.
  if (!mayBeThere || step.nested !== undefined) return { ...found, results: [] };

  const one = (index: number): ReuseInput => itemOf(input, foreach, found.items[index]!, index);
  const hash = rememberingHash(signal, onProgress);
  const identified = (each: ReuseInput): Promise<Identity> =>
    identifyAttempt(definition, each, store, looking.secrets, signal, { onProgress, hash });
  const fingerprints: string[] = [];
  let isReusable = true;
  for (const index of found.items.keys()) {
    signal.throwIfAborted();
    const identity = await identified(one(index));
    fingerprints.push(identity.fingerprint);
    isReusable &&= identity.reusable;
    onProgress();
  }
  const { fingerprint, ingredients } = wholeOf(kind, input, {
    ...{ ...found, fingerprints, engine: looking.tables.version },
  });
  const about = { ...found, isReusable, ingredients };
  const whole = await store.findResult(fingerprint);
  const answer = (stored: StoredResult): Known => {
    const result = taken(stored, {}, stored.runId === run.id, looking.elapsedMs());
    return { ...about, whole: allEnded(result, found.items.length), results: [] };
  };
  if (whole !== undefined && kind.conditions === undefined) return answer(whole);
  const all = await store.findResults(fingerprints);
  const results: KnownItem[] = [];
  for (const [index, each] of fingerprints.entries()) {
    const stored = all.get(each);
    if (stored === undefined) continue;
    const result =
      kind.conditions === undefined
        ? taken(stored, {}, stored.runId === run.id, looking.elapsedMs())
        : await judged(definition, one(index), looking, identified);
    if (result !== undefined) results.push({ index, result });
  }
  // Where conditions are looked at each time, what they say today is put together anew.
  const isQuiet = results.every(({ result }) => result.warning === undefined);
  if (
    whole !== undefined &&
    whole.result.warning === undefined &&
    results.length === found.items.length &&
    isQuiet
  ) {
    return answer(whole);
  }
  return { ...about, results };
}

/** The input of an attempt of one item, where no list of items lies in the store. */
function itemOf(input: ReuseInput, foreach: Foreach, item: ListedItem, index: number): ReuseInput {
  const step = stepFor(itemStep({ ...input.step, foreach }), item);
  const inputs = Object.fromEntries(
    Object.entries(input.inputs).filter(([id]) => step.reads.includes(id)),
  );
  return { ...input, step, inputs, item: { index } };
}

/** A result whose conditions hold today; one that does not is for the item's own attempt to tell. */
async function judged(
  definition: AnyStepDefinition,
  input: ReuseInput,
  { store, elapsedMs }: Looking,
  identified: (input: ReuseInput) => Promise<Identity>,
): Promise<StepResult | undefined> {
  try {
    const quiet = (): void => undefined;
    return await reuse(definition, input, await identified(input), store, quiet, elapsedMs);
  } catch (error) {
    if (error instanceof StepError) return undefined;
    throw error;
  }
}

/** What the result of all items is made of: its options, and the items with what each of them is made of. */
export function wholeOf(
  { kind, version, roles }: Pick<StepDefinition<unknown>, 'kind' | 'version' | 'roles'>,
  { step }: Pick<ReuseInput, 'step'>,
  made: FoundItems & {
    readonly fingerprints: readonly string[];
    readonly engine: string;
    readonly salt?: string;
  },
): ReturnType<typeof fingerprintOf> {
  const { items, columns, fingerprints, engine, salt } = made;
  const hash = createHash('sha256').update(canonicalJson(columns));
  for (const [i, { item }] of items.entries()) {
    hash.update(`\n${fingerprints[i]} ${canonicalJson(item)}`);
  }
  const form = fingerprintForm(step.options, { inputs: {} }, (node) => node);
  return fingerprintOf({
    kind,
    version: `${version}; ${GATHERING} ${engine}`,
    // Outputs that they name are in the fingerprint of each item.
    options: withoutPaths(form, roles?.paths ?? []),
    sources: [{ original: 'items', sha256: hash.digest('hex') }],
    inputs: {},
    ...(salt === undefined ? {} : { salt }),
  });
}

/** The result as it is told today: every item ended as the step does. */
function allEnded(result: StepResult, total: number): StepResult {
  const status = result.cached ? 'CACHED' : 'OK';
  return { ...result, items: { total, counts: { [status]: total } } };
}

/** A file that many items read is read once. */
function rememberingHash(
  signal: AbortSignal,
  onProgress: () => void,
): (files: readonly FoundFile[]) => Promise<readonly HashedSource[]> {
  const known = new Map<string, HashedSource>();
  return async (files) => {
    const all: HashedSource[] = [];
    for (const file of files) {
      const before = known.get(file.path);
      const [hashed] =
        before === undefined
          ? await hashSources([file], signal, onProgress)
          : [{ ...before, below: file.below }];
      if (hashed === undefined) continue;
      known.set(file.path, hashed);
      all.push(hashed);
    }
    return all;
  };
}
