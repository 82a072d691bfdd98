/** Makes the plan of a definition that has no problems, and tells where each setting came from. Pure. */

import { parseDuration } from '../model/duration.ts';
import { nameIn } from '../model/nested.ts';
import { hearsOf, heedsOf } from './handlers.ts';
import { child, entriesOf, plainOf, textOf } from './located.ts';
import { DEFAULTS } from './profile.ts';

import type { CheckedJob } from './check-job.ts';
import type { CheckedProfiles } from './check-profiles.ts';
import type { CheckedStep, CheckedSteps, CheckedNested } from './checked-step.ts';
import type { Handling } from './handlers.ts';
import type { Located } from './located.ts';
import type { Plan, PlanStep, Scalar, StepOutputName } from '../model/plan.ts';

type Origins = Record<string, string>;

/** The plan without its run, and `origins` by dotted name. */
export function planFrom(
  job: CheckedJob,
  profiles: CheckedProfiles,
  steps: CheckedSteps,
): { readonly plan: Omit<Plan, 'run'>; readonly origins: Readonly<Origins> } {
  const origins: Origins = {};
  const root = profiles.root;
  const params: Record<string, Scalar> = {};
  for (const [name, { value, from }] of job.params) {
    if (value !== undefined) params[name] = value;
    origins[`params.${name}`] = typeof from === 'string' ? from : `${from.file}:${from.line}`;
  }
  const { steps: ownSteps, ...ofProfile } = profilePlan(profiles, steps, { prefix: '', origins });
  const { partition } = job.cut;
  const wall = job.job?.budgets?.wall;
  const every = textOf(child(root, 'expected_every'));
  for (const [name, { value }] of entriesOf(child(job.root, 'inputs'))) {
    origins[`inputs.${name}`] = placeOf(child(value, 'path') ?? value);
  }
  if (wall !== undefined) {
    origins['budgets.wall'] = placeOf(child(child(job.root, 'budgets'), 'wall')!);
  }
  if (every !== undefined) origins['expected_every'] = placeOf(child(root, 'expected_every')!);
  const plan: Omit<Plan, 'run'> = {
    format: 1,
    job: job.job?.job ?? '',
    profile: textOf(child(root, 'profile')) ?? '',
    params,
    ...(partition === undefined || partition === 'hole' ? {} : { partition }),
    ...ofProfile,
    budgets: wall === undefined ? {} : { wallMs: parseDuration(wall) },
    ...(every === undefined ? {} : { expectedEveryMs: parseDuration(every) }),
    steps: ownSteps,
  };
  return { plan, origins };
}

type Within = {
  /** Stands before the names of settings. */
  readonly prefix: string;
  readonly origins: Origins;
  /** The tables it is given, by its own names; `step` is a path. */
  readonly takes?: ReadonlyMap<string, StepOutputName>;
  /** False: nothing in it takes the result of an earlier run. */
  readonly reuse?: boolean;
};

/** A step that is a profile ends with its steps; no limit that anybody set is longer. */
const NO_LIMIT = '90d';

/** The part of a plan that one profile makes. */
function profilePlan(
  profiles: CheckedProfiles,
  steps: CheckedSteps,
  { prefix, origins, takes = new Map(), reuse = true }: Within,
): Pick<Plan, 'concurrency' | 'onFailure' | 'steps'> {
  const root = profiles.root;
  const defaults = child(root, 'defaults');
  const setting = <T>(name: string, places: readonly (Located | undefined)[], builtIn: T): T => {
    const found = places.find((place) => place !== undefined);
    origins[`${prefix}${name}`] =
      found === undefined ? 'built in' : `${found.at.file}:${found.at.line}`;
    return found === undefined ? builtIn : (plainOf(found) as T);
  };
  const durationOf = (
    name: string,
    places: readonly (Located | undefined)[],
    builtIn: string,
  ): number => parseDuration(setting(name, places, builtIn));

  const planStep = (step: CheckedStep): PlanStep => {
    const own = (key: string): Located | undefined => child(step.located, key);
    const name = (key: string): string => `steps.${step.id}.${key}`;
    const retry = (
      key: keyof typeof DEFAULTS.retry | 'max_duration',
    ): readonly (Located | undefined)[] => [
      child(own('retry'), key),
      child(child(defaults, 'retry'), key),
    ];
    const p95 = textOf(child(own('alert'), 'p95'));
    const description = textOf(own('description'));
    const limit = textOf(own('uses_limit'));
    for (const key of [
      'uses',
      'description',
      'needs',
      'run_if',
      'when',
      'alert',
      'uses_limit',
    ] as const) {
      const found = own(key);
      if (found !== undefined) origins[`${prefix}${name(key)}`] = placeOf(found);
    }
    for (const [key, { value }] of entriesOf(own('with'))) {
      origins[`${prefix}${name(`with.${key}`)}`] = placeOf(value);
    }
    const backoffMs = durationOf(name('retry.backoff'), retry('backoff'), DEFAULTS.retry.backoff);
    const maxBackoffMs = durationOf(
      name('retry.max_backoff'),
      retry('max_backoff'),
      DEFAULTS.retry.max_backoff,
    );
    const maxDuration = setting<string | undefined>(
      name('retry.max_duration'),
      retry('max_duration'),
      undefined,
    );
    return {
      id: step.id,
      kind: step.spec?.kind ?? '',
      ...(description === undefined ? {} : { description }),
      needs: [...step.needs.keys()].filter((need) => !takes.has(need)),
      reads: [...step.reads].filter((read) => !takes.has(read)),
      ...takesOf(step, takes),
      ...handlingOf(step.handling),
      options: step.options ?? {},
      ...(step.when === undefined ? {} : { when: step.when }),
      ...foreachOf(step, own('foreach')),
      timeoutMs: durationOf(
        name('timeout'),
        [own('timeout'), child(defaults, 'timeout')],
        DEFAULTS.timeout,
      ),
      ...(step.spec?.onlyReads === true &&
      (own('timeout') ?? child(defaults, 'timeout')) === undefined
        ? { limitIsDefault: true as const }
        : {}),
      heartbeatMs: durationOf(
        name('heartbeat'),
        [child(defaults, 'heartbeat')],
        DEFAULTS.heartbeat,
      ),
      retry: {
        attempts: setting(name('retry.attempts'), retry('attempts'), DEFAULTS.retry.attempts),
        backoffMs,
        factor: setting(name('retry.factor'), retry('factor'), DEFAULTS.retry.factor),
        // The built-in longest wait gives way to a longer first one.
        maxBackoffMs: Math.max(maxBackoffMs, backoffMs),
        ...(maxDuration === undefined ? {} : { maxDurationMs: parseDuration(maxDuration) }),
      },
      core: setting(name('core'), [own('core')], DEFAULTS.core),
      ...(p95 === undefined ? {} : { p95Ms: parseDuration(p95) }),
      allowFailure: setting(name('allow_failure'), [own('allow_failure')], DEFAULTS.allow_failure),
      reuse: isReused(step),
      ...(limit === undefined ? {} : { limit }),
    };
  };
  // What tells how others ended is done each time.
  const isReused = (step: CheckedStep): boolean =>
    setting(
      `steps.${step.id}.reuse`,
      [child(step.located, 'reuse')],
      DEFAULTS.reuse && step.handling.runIf === undefined,
    ) && reuse;
  /** A step that is a profile: what concerns attempts is a matter of the steps in it. */
  const nestedStep = (step: CheckedStep, nested: CheckedNested): PlanStep => {
    const isWhole = planStep(step);
    const own = child(step.located, 'timeout');
    const longest = setting(`steps.${step.id}.timeout`, [own], NO_LIMIT);
    const around = nested.path.split('/').slice(0, -1).join('/') || undefined;
    const given = [...nested.takes].map(
      ([name, of]) =>
        // What the profile around it is given itself comes from further out.
        [name, takes.get(of.step) ?? { ...of, step: nameIn(around, of.step) }] as const,
    );
    const inner = profilePlan(nested.profiles, nested.steps, {
      prefix: `${prefix}steps.${step.id}.`,
      origins,
      takes: new Map(given),
      reuse: isWhole.reuse,
    });
    const { limitIsDefault: _, ...whole } = isWhole;
    return {
      ...whole,
      nested: {
        profile: textOf(child(nested.profiles.root, 'profile')) ?? '',
        ...inner,
        gives: nested.gives,
      },
      timeoutMs: parseDuration(longest),
      ...(own === undefined ? { limitIsDefault: true as const } : {}),
      retry: { attempts: 1, backoffMs: 0, factor: 1, maxBackoffMs: 0 },
    };
  };
  const concurrency = setting('concurrency', [child(root, 'concurrency')], DEFAULTS.concurrency);
  function foreachOf(step: CheckedStep, located: Located | undefined): Pick<PlanStep, 'foreach'> {
    const { foreach } = step;
    if (foreach?.list === undefined) return {};
    const { list, as, allowFailed, reads } = foreach;
    const name = (key: string): string => `steps.${step.id}.foreach.${key}`;
    for (const key of ['in', 'item', 'allow_failed'] as const) {
      const found = child(located, key);
      if (found !== undefined) origins[`${prefix}${name(key)}`] = placeOf(found);
    }
    const places = [child(located, 'at_most')];
    const atMost = setting(name('at_most'), places, concurrency);
    const own = [...reads].filter((read) => !takes.has(read));
    return { foreach: { in: list, as, atMost, allowFailed, reads: own } };
  }

  return {
    concurrency,
    onFailure: setting('on_failure', [child(root, 'on_failure')], DEFAULTS.on_failure),
    steps: steps.steps.map((step) =>
      step.nested === undefined ? planStep(step) : nestedStep(step, step.nested),
    ),
  };
}

/** What of the tables that its profile is given the step reads. */
function takesOf(
  { reads }: CheckedStep,
  takes: ReadonlyMap<string, StepOutputName>,
): Pick<PlanStep, 'takes'> {
  const those = [...takes].filter(([name]) => reads.has(name));
  return those.length === 0 ? {} : { takes: Object.fromEntries(those) };
}

function handlingOf(handling: Handling): Pick<PlanStep, 'heeds' | 'runIf' | 'hears'> {
  const { runIf } = handling;
  const [heeds, hears] = [heedsOf(handling), hearsOf(handling)];
  return {
    ...(heeds.length === 0 ? {} : { heeds }),
    ...(runIf === undefined ? {} : { runIf }),
    ...(hears.length === 0 ? {} : { hears }),
  };
}

function placeOf(located: Located): string {
  return `${located.at.file}:${located.at.line}`;
}
