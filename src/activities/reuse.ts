/**
 * Whether the store answers for a step: one decision, for the runner, for a run that needs no engine, and for
 * `explain`. Executes nothing.
 */

import { boundText } from '../model/bounded-text.ts';
import { boundChecks, MOST_BYTES } from '../model/failure.ts';
import { fullName, inputsOf } from '../model/nested.ts';
import { StepError } from '../model/step-error.ts';
import { identify } from './identity.ts';

import type { AnyStepDefinition, StepDefinition, StepReturn } from '../kinds/contract.ts';
import type { Column } from '../model/column.ts';
import type { ItemPlace, StepInput, StepResult } from '../model/step-result.ts';
import type { StoredResult } from '../store/entries.ts';
import type { Store } from '../store/store.ts';
import type { Identity } from './identity.ts';

/** The part of an attempt's input that decides about reuse. */
export type ReuseInput = Pick<StepInput, 'step' | 'inputs' | 'outer' | 'heard'> & {
  readonly item?: Pick<ItemPlace, 'index'>;
  readonly run: Pick<
    StepInput['run'],
    'id' | 'job' | 'profile' | 'within' | 'previousRows' | 'previousResult'
  >;
};

export type SecretsInUse = {
  /** @throws StepError SECRET_MISSING */
  value(name: string): string;
  /** Those that were asked for. */
  readonly used: ReadonlyMap<string, string>;
};

/** The secrets of one attempt, which remembers what must be blanked out of its words. */
export function secretsInUse(find: (name: string) => string | undefined): SecretsInUse {
  const used = new Map<string, string>();
  return {
    used,
    value: (name) => {
      const value = find(name);
      if (value === undefined) {
        throw new StepError(
          'SECRET_MISSING',
          `this worker has no secret '${name}'; set BUILDER_SECRET_${name} or give --secrets-dir a file of that name`,
        );
      }
      used.set(name, value);
      return value;
    },
  };
}

/** What the attempt's result depends on. One that must not be reused is bound to its step and run. @throws StepError */
export function identifyAttempt(
  definition: AnyStepDefinition,
  { run, step, item, inputs, outer, heard }: ReuseInput,
  store: Pick<Store, 'materialize'>,
  secrets: SecretsInUse,
  signal: AbortSignal,
  reading: Pick<NonNullable<Parameters<typeof identify>[5]>, 'onProgress' | 'hash' | 'unpack'> = {},
): Promise<Identity> {
  return identify(definition, step, inputsOf({ step, inputs, outer }), store, signal, {
    secrets: (name) => secrets.value(name),
    ...(heard === undefined ? {} : { heard }),
    // Of this step alone: a twin with the same options is another execution.
    salt: `${run.id}/${fullName({ run, step, item })}`,
    ...reading,
  });
}

/**
 * The stored result that is taken instead of working; undefined where there is none. Conditions that depend on more
 * than the fingerprint are looked at again. @throws StepError where one of them does not hold
 */
export async function reuse(
  definition: AnyStepDefinition,
  input: ReuseInput,
  { fingerprint, options }: Identity,
  store: Store,
  log: (line: string) => void,
  elapsedMs: () => number,
): Promise<StepResult | undefined> {
  const { run, step } = input;
  const found = await store.findResult(fingerprint);
  if (found === undefined) return undefined;
  const kind = definition as unknown as StepDefinition<unknown>;
  const added = await kind.conditions?.(
    options,
    { values: found.result.values, columns: found.columns },
    { previousRows: run.previousRows, previousColumns: previousColumnsOf(store, input), log },
  );
  const maker = found.step?.id;
  const isOwn =
    found.runId === run.id &&
    (maker === undefined || (maker === step.id && found.step?.within === run.within));
  log(
    isOwn
      ? 'found the result this run had already stored'
      : `reused the result of ${maker ?? 'a step'} in run ${found.runId}`,
  );
  return taken(found, added ?? {}, isOwn, elapsedMs());
}

/**
 * The columns of an output in the previous delivery, else in the step's newest stored result. Asked for once, so that what
 * is stored meanwhile is never taken for what was there before.
 */
export function previousColumnsOf(
  store: Pick<Store, 'latestOf' | 'noted'>,
  { run, step }: ReuseInput,
): (output: string) => Promise<readonly Column[] | undefined> {
  let before: Promise<StoredResult | undefined> | undefined;
  const look = async (): Promise<StoredResult | undefined> => {
    const { previousResult } = run;
    const delivered = previousResult === undefined ? undefined : await store.noted(previousResult);
    return delivered ?? store.latestOf(run.job, run.profile, step.id);
  };
  return async (output) => {
    before ??= look();
    return (await before)?.columns[output];
  };
}

/** A stored result as an attempt answers it. */
export function taken(
  found: StoredResult,
  added: Pick<StepReturn, 'warning' | 'failedChecks'>,
  isOwn: boolean,
  durationMs: number,
): StepResult {
  return {
    ...found.result,
    ...united(found.result, added),
    cached: !isOwn,
    ...(isOwn ? { adopted: true } : {}),
    durationMs,
  };
}

/** The warnings of a result and of the conditions of this time, and what is said behind them now. */
export function united(
  { warning, failedChecks }: Pick<StepResult, 'warning' | 'failedChecks'>,
  added: Pick<StepReturn, 'warning' | 'failedChecks'>,
  now?: string,
): Pick<StepResult, 'warning' | 'failedChecks'> {
  const own = [warning, added.warning].flatMap((each) => each ?? []);
  const words = own.length === 0 ? own : [...own, ...(now === undefined ? [] : [now])];
  const names = [...new Set([...(failedChecks ?? []), ...(added.failedChecks ?? [])])];
  return about({
    ...(words.length === 0 ? {} : { warning: words.join('; ') }),
    ...(names.length === 0 ? {} : { failedChecks: names }),
  });
}

/** What a kind says of its result beside outputs and values, within bounds. */
export function about(returned: StepReturn): Partial<StepResult> {
  const { rows, warning, failedChecks } = returned;
  return {
    ...(warning === undefined ? {} : { warning: boundText(warning, MOST_BYTES.message) }),
    ...(rows?.in === undefined ? {} : { rowsIn: rows.in }),
    ...(rows?.out === undefined ? {} : { rowsOut: rows.out }),
    ...(rows?.rejected === undefined ? {} : { rowsRejected: rows.rejected }),
    ...(failedChecks === undefined ? {} : { failedChecks: boundChecks(failedChecks) }),
  };
}
