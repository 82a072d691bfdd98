/** Foresees a run: what would be reused, executed, skipped or refused, and what differs from the last time. Executes nothing. */

import { resolve } from 'node:path';

import { changeText, explainChange } from '../../activities/explain-change.ts';
import { giftFingerprint } from '../../activities/give-activity.ts';
import { makeColumnsOfNow } from '../../activities/columns-of-now.ts';
import { identifyAttempt, reuse, secretsInUse } from '../../activities/reuse.ts';
import { makeSecrets } from '../../activities/secrets.ts';
import { previousResults, previousRows, resolveOut } from '../../delivery/deliver.ts';
import { holds } from '../../model/condition.ts';
import { saidBy } from '../../model/heard.ts';
import {
  conditionWith,
  depthOf,
  givenOf,
  nameIn,
  nestedPlan,
  outerPaths,
} from '../../model/nested.ts';
import { stepOrder } from '../../model/order.ts';
import { StepError } from '../../model/step-error.ts';

import { resolveDefinition } from '../definitions/definition-source.ts';
import { lookAtItemsHere } from './look-at-items.ts';

import type { ReuseInput, SecretsInUse } from '../../activities/reuse.ts';
import type { AnyStepDefinition } from '../../kinds/contract.ts';
import type { ValueOf } from '../../model/condition.ts';
import type { Status } from '../../model/outcome.ts';
import type { NestedProfile, Plan, PlanStep } from '../../model/plan.ts';
import type { StepResult } from '../../model/step-result.ts';
import type { Store } from '../../store/store.ts';
import type { DefinitionRequest, ResolvedDefinition } from '../definitions/definition-source.ts';
import type { Parts } from '../parts.ts';

export type ExplainRequest = DefinitionRequest & {
  /** Folder that would receive the dataset, or hold its partition: what is there is what conditions compare with. */
  readonly out?: string | undefined;
};

/** `wait`: it depends on a step that will run. `fail`: it would end FAIL without being executed. */
export type Verdict = 'reuse' | 'run' | 'wait' | 'skip' | 'fail';

export type Foreseen = {
  readonly step: PlanStep;
  readonly verdict: Verdict;
  /** Why; for what would run again, exactly what changed. */
  readonly changes: readonly string[];
  /** Of the result that would be reused. */
  readonly fingerprint?: string;
  /** Of a profile that is a step: its own steps. */
  readonly steps?: readonly Foreseen[];
};

export type Explanation = Pick<ResolvedDefinition, 'plan' | 'planSha256' | 'origins'> & {
  /** In the plan's order. */
  readonly steps: readonly Foreseen[];
};

/** Of a step that nothing can be said of before it runs. */
export const NEVER_REUSED = 'it is never reused';

/** Of a profile that is done for each of many items. */
const OF_ITEMS = 'what the steps of each item would do is found when it runs';

type Seen = Foreseen & { readonly result?: StepResult };

/** What would happen now. @throws DefinitionError, UserError */
export async function explainRun(
  parts: Parts,
  request: ExplainRequest,
  /** False: queries are taken as they are. */
  bindSql = true,
): Promise<Explanation> {
  const { options } = parts;
  const start = { atMs: Date.now() };
  const store = await parts.look();
  const definition = await resolveDefinition(request, start, options, {
    bindSql,
    stored: (plan) => makeColumnsOfNow(plan, { kinds: options.kinds, store }),
  });
  const { plan: body, cut, planSha256, origins } = definition;
  const { date } = cut;
  const { cwd = process.cwd() } = options;
  const within = body.partition === undefined ? [] : [body.partition.id];
  const before =
    request.out === undefined
      ? { previousRows: {} }
      : await previousDelivery(await resolveOut(resolve(cwd, request.out, ...within)), body);
  const run = { id: 'none', date, generation: 1, planSha256, deliverQueue: '', ...before };
  const plan: Plan = { ...body, run };
  const isEmbedded = await parts.isEmbedded();
  const seen = await foreseeAll(plan, { parts, store, isEmbedded, outer: {} });
  return { plan: body, planSha256, origins, steps: [...seen.values()].map(withoutResult) };
}

type Around = {
  readonly parts: Parts;
  readonly store: Store;
  readonly isEmbedded: boolean;
  /** Results of steps around the profile that this is, by their paths, as far as they are known. */
  readonly outer: Readonly<Record<string, StepResult>>;
};

/** Every step of a plan, in its order. */
async function foreseeAll(plan: Plan, around: Around): Promise<ReadonlyMap<string, Seen>> {
  const seen = new Map<string, Seen>();
  for (const step of inOrder(plan.steps)) {
    seen.set(step.id, await foresee({ ...around, step, plan, seen }));
  }
  return new Map(plan.steps.flatMap(({ id }) => (seen.has(id) ? [[id, seen.get(id)!]] : [])));
}

function withoutResult(seen: Seen): Foreseen {
  const { result: _, ...foreseen } = seen;
  return foreseen;
}

type About = Around & {
  readonly step: PlanStep;
  readonly plan: Plan;
  readonly seen: ReadonlyMap<string, Seen>;
};

async function foresee(about: About): Promise<Seen> {
  const { step, plan, seen, parts, store } = about;
  if (step.nested !== undefined) return foreseeNested(about, step.nested);
  const definition = parts.options.kinds.find(({ kind }) => kind === step.kind);
  if (definition === undefined) {
    return { step, verdict: 'fail', changes: [`there is no kind '${step.kind}'`] };
  }
  const early = beforeItsTurn(about);
  if (early !== undefined) return early;
  const inputs: Record<string, StepResult> = {};
  for (const id of step.reads) inputs[id] = seen.get(id)?.result as StepResult;
  const { outer } = about;
  const input = { ...stepOrder(plan, step), inputs, outer };
  const secrets = secretsOf(about);
  const quiet = (): void => undefined;
  try {
    if (step.foreach !== undefined) return await foreseeItems(about, definition, input, secrets);
    const signal = new AbortController().signal;
    const identity = await identifyAttempt(definition, input, store, secrets, signal);
    if (!identity.reusable) return { step, verdict: 'run', changes: [NEVER_REUSED] };
    const result = await reuse(definition, input, identity, store, quiet, () => 0);
    if (result !== undefined) {
      const { fingerprint } = result;
      return { step, verdict: 'reuse', changes: [], fingerprint, result };
    }
    const last = await store.latestOf(plan.job, plan.profile, step.id, plan.partition?.id);
    const changes =
      last === undefined
        ? ['it has never run' + (plan.partition === undefined ? '' : ' for this partition')]
        : explainChange(last.ingredients, identity.ingredients).map(changeText);
    const all = changes.length === 0 ? ['its stored result is gone'] : changes;
    return { step, verdict: 'run', changes: all };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { step, verdict: error instanceof StepError ? 'fail' : 'run', changes: [message] };
  }
}

/** A profile that is a step: what its steps would do, and what of it that makes. */
async function foreseeNested(about: About, nested: NestedProfile): Promise<Seen> {
  const { step, plan, seen } = about;
  const early = beforeItsTurn(about);
  if (step.foreach !== undefined) return early ?? { step, verdict: 'run', changes: [OF_ITEMS] };
  const known = [...seen].flatMap(([id, { result }]) =>
    result === undefined ? [] : [[nameIn(plan.run.within, id), result] as const],
  );
  const inner = nestedPlan(plan, step, nested);
  const outer = { ...about.outer, ...Object.fromEntries(known) };
  const all = await foreseeAll(inner, { ...about, outer });
  const steps = [...all.values()].map(withoutResult);
  if (early !== undefined && early.verdict !== 'wait') {
    return { ...early, steps: steps.map((each) => ({ ...each, verdict: 'skip', changes: [] })) };
  }
  const of = (...verdicts: readonly Verdict[]): readonly string[] =>
    steps.filter(({ verdict }) => verdicts.includes(verdict)).map((each) => each.step.id);
  const failing = steps.filter((each) => each.verdict === 'fail' && !each.step.allowFailure);
  if (failing.length > 0) {
    const names = failing.map((each) => each.step.id).join(', ');
    return { step, verdict: 'fail', changes: [`in it ${names} would fail`], steps };
  }
  const running = of('run', 'wait');
  if (early !== undefined) return { ...early, steps };
  if (running.length > 0) {
    return { step, verdict: 'run', changes: [`in it ${running.join(', ')} would run`], steps };
  }
  const gift = givenOf(nested.gives, (id) => all.get(id)?.result);
  const { fingerprint } = giftFingerprint(gift.outputs, gift.values);
  const { outputs, values } = gift;
  const result: StepResult = { fingerprint, cached: true, durationMs: 0, outputs, values };
  return { step, verdict: 'reuse', changes: [], fingerprint, result, steps };
}

/** The same for a step with items: how many of them have a result, and what changed for all. */
async function foreseeItems(
  { step, plan, store }: About,
  definition: AnyStepDefinition,
  input: ReuseInput,
  secrets: SecretsInUse,
): Promise<Seen> {
  const about = { store, secrets, elapsedMs: () => 0, always: true };
  const found = await lookAtItemsHere(definition, input, about);
  const { whole, results, items, isReusable, ingredients } = found;
  if (whole !== undefined) {
    const { fingerprint } = whole;
    return { step, verdict: 'reuse', changes: [], fingerprint, result: whole };
  }
  if (isReusable !== true) return { step, verdict: 'run', changes: [NEVER_REUSED] };
  const last = await store.latestOf(plan.job, plan.profile, step.id, plan.partition?.id);
  const left = items.length - results.length;
  const counted = `${left} of its ${items.length} items`;
  const changed =
    last === undefined || ingredients === undefined
      ? []
      : explainChange(last.ingredients, ingredients)
          .filter(({ part }) => part !== 'source')
          .map(changeText);
  return { step, verdict: 'run', changes: [...changed, counted] };
}

/** What its needs alone decide. */
function beforeItsTurn({ step, plan, seen, outer }: About): Seen | undefined {
  const needs = step.needs.flatMap((id) => seen.get(id) ?? []);
  const { heeds = [] } = step;
  const failed = needs.find(
    ({ verdict, step: need }) =>
      verdict === 'fail' && !need.allowFailure && !heeds.includes(need.id),
  );
  if (failed !== undefined) {
    return { step, verdict: 'skip', changes: [`needs ${failed.step.id}, which would fail`] };
  }
  for (const id of step.reads) {
    const need = seen.get(id);
    if (need?.result !== undefined) continue;
    if (need?.verdict === 'skip' || need?.verdict === 'fail') {
      return { step, verdict: 'skip', changes: [`reads ${id}, which would bring no result`] };
    }
    return { step, verdict: 'wait', changes: [`depends on ${id}, which would run`] };
  }
  const unknown = outerPaths(step, depthOf(plan.run.within)).find(
    (path) => outer[path] === undefined,
  );
  if (unknown !== undefined && step.nested === undefined) {
    return { step, verdict: 'wait', changes: [`depends on ${unknown}, which would run`] };
  }
  const isOpen = needs.some(({ verdict }) => verdict === 'run' || verdict === 'wait');
  if (step.runIf === 'failed' && !needs.some(({ verdict }) => verdict === 'fail')) {
    return isOpen
      ? { step, verdict: 'wait', changes: ['runs only if something fails that it waits for'] }
      : { step, verdict: 'skip', changes: ['nothing would fail that it waits for (run_if)'] };
  }
  if (step.when === undefined || isOpen) return undefined;
  if (holds(conditionWith(step.when, outer), valuesOf(needs))) return undefined;
  return { step, verdict: 'skip', changes: ['its condition (when) does not hold'] };
}

function valuesOf(needs: readonly Seen[]): ValueOf {
  const heard = Object.fromEntries(
    needs.map(({ step, verdict }) => [step.id, { status: FORESEEN[verdict] }] as const),
  );
  return (mention) => {
    if (mention.part !== 'values') return saidBy(mention, heard);
    return needs.find(({ step }) => step.id === mention.step)?.result?.values[mention.name];
  };
}

/** As it would end, as far as that can be told. */
const FORESEEN = Object.freeze({
  reuse: 'CACHED',
  skip: 'SKIPPED',
  fail: 'FAIL',
  run: 'OK',
  wait: 'OK',
} as const satisfies Record<Seen['verdict'], Status>);

/** Those of this process where it would execute the step; a service's workers may have what this one has not. */
function secretsOf({ parts, isEmbedded }: About): SecretsInUse {
  const { env = {}, secretsDir } = parts.options;
  const find = isEmbedded ? makeSecrets({ env, dir: secretsDir }) : () => '';
  return secretsInUse(find);
}

async function previousDelivery(
  out: string,
  plan: Pick<Plan, 'job' | 'profile'>,
): Promise<Pick<Plan['run'], 'previousRows' | 'previousResults'>> {
  const results = await previousResults(out, plan);
  return {
    previousRows: await previousRows(out),
    ...(results === undefined ? {} : { previousResults: results }),
  };
}

/** Needs before those that need them. */
function inOrder<T extends { readonly id: string; readonly needs: readonly string[] }>(
  steps: readonly T[],
): readonly T[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const done = new Set<T>();
  const visit = (step: T): void => {
    if (done.has(step)) return;
    for (const need of step.needs) visit(byId.get(need)!);
    done.add(step);
  };
  for (const step of steps) visit(step);
  return [...done];
}
