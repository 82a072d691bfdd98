/** What has to be done so that Temporal has the schedules that are declared, and no others of ours. Pure. */

import { formatDuration } from '../../model/duration.ts';

import type { Schedule } from '../../model/schedule.ts';
import type { Declared } from './declared.ts';

/** One of our schedules as Temporal has it. */
export type Existing = {
  readonly id: string;
  /** As it was declared; undefined: by an earlier version, or with a key that is gone. */
  readonly declared: Declared | undefined;
  /** False: of an earlier secret of the state folder, so no worker would make its runs. */
  readonly isCurrent: boolean;
};

export type ScheduleChange = {
  readonly job: string;
  readonly id: string;
  /** `keep`: its file cannot be read now, or was not asked for. */
  readonly change: 'create' | 'change' | 'remove' | 'none' | 'keep';
  /** What is different, as people wrote it: `cron: '15 3 * * *' -> '30 3 * * *'`. */
  readonly differences: readonly string[];
  readonly declared?: Declared;
};

/** In the order of the jobs' names. `only`: absolute paths of the files that are asked for; absent: all. */
export function differenceOf(
  existing: readonly Existing[],
  {
    declared,
    broken,
    only,
    idOf,
  }: {
    readonly declared: readonly Declared[];
    readonly broken: readonly string[];
    readonly only?: readonly string[];
    readonly idOf: (job: string) => string;
  },
): readonly ScheduleChange[] {
  const wanted = new Map(declared.map((one) => [idOf(one.job), one]));
  const there = new Map(existing.map((one) => [one.id, one]));
  const changes: ScheduleChange[] = [...wanted].map(([id, one]) => {
    const before = there.get(id);
    const about = { job: one.job, id, declared: one };
    if (before === undefined) {
      return { ...about, change: 'create', differences: settingsOf(one).map(said) };
    }
    const differences =
      before.declared === undefined ? ['all of it'] : changedIn(before.declared, one);
    return { ...about, change: differences.length > 0 ? 'change' : 'none', differences };
  });
  for (const { id, declared: before, isCurrent } of existing) {
    if (wanted.has(id)) continue;
    const path = before?.jobPath;
    const isAsked = only === undefined || (path !== undefined && only.includes(path));
    const isKnown = path === undefined || !broken.includes(path);
    const goes = isAsked && (isKnown || !isCurrent);
    changes.push({
      job: before?.job ?? id,
      id,
      change: goes ? 'remove' : 'keep',
      differences: [],
    });
  }
  return changes.toSorted((a, b) => (a.job < b.job ? -1 : a.job > b.job ? 1 : 0));
}

type Setting = readonly [key: string, value: string];

function changedIn(before: Declared, after: Declared): readonly string[] {
  const [old, fresh] = [new Map(settingsOf(before)), new Map(settingsOf(after))];
  const differences = [...new Set([...old.keys(), ...fresh.keys()])].flatMap((key) => {
    const [was, is] = [old.get(key), fresh.get(key)];
    if (was === is) return [];
    return [`${key}: ${was ?? '(nothing)'} -> ${is ?? '(nothing)'}`];
  });
  return differences;
}

function said([key, value]: Setting): string {
  return `${key}: ${value}`;
}

/** What is declared, key by key as it is written. */
export function settingsOf({ jobPath, out, schedule }: Declared): readonly Setting[] {
  const { overlap, catchUpMs, jitterMs, pauseOnFailure, make, profile } = schedule;
  return [
    ...whenOf(schedule),
    ['overlap', overlap],
    ['catch_up', formatDuration(catchUpMs)],
    ...(jitterMs === undefined ? [] : [['jitter', formatDuration(jitterMs)] as const]),
    ['pause_on_failure', String(pauseOnFailure)],
    ...(make === undefined ? [] : [['make', make.join(', ')] as const]),
    ...(profile === undefined ? [] : [['profile', profile] as const]),
    ['out', out],
    ['file', jobPath],
  ];
}

function whenOf({ cron, everyMs, timezone }: Schedule): readonly Setting[] {
  if (cron === undefined) return [['every', formatDuration(everyMs ?? 0)]];
  return [
    ['cron', cron.map((line) => `'${line}'`).join(', ')],
    ['timezone', timezone],
  ];
}

export type Applied = ScheduleChange & {
  /** Why Temporal did not take it. */
  readonly failed?: string;
  /** It was there before, and the engine has forgotten it. */
  readonly lost?: boolean;
};
