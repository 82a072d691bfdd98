/**
 * Which jobs and steps an exporter shows, of those it knows. Pure.
 *
 * 1. A job that was forgotten is shown again once something is told of it.
 * 2. A step that the newest run no longer had is gone, unless something was told of it later.
 * 3. Beyond the bound of series nothing new is shown; what is shown goes on.
 */

import { placeKey } from '../store/folds/merge-by.ts';
import { SERIES_OF } from './catalogue.ts';

import type { Place } from '../store/folds/merge-by.ts';
import type { NewestOfRuns, NewestOfStep } from '../store/folds/newest-of.ts';
import type { RunSums, StepSums } from '../store/folds/sums.ts';
import type { RunShape } from '../model/events.ts';
import type { Known } from './store-view.ts';

export type ShownStep = {
  readonly place: Required<Place>;
  readonly newest?: NewestOfStep;
  readonly sums?: StepSums;
  readonly settings?: RunShape['steps'][number];
  /** When its attempt began, the oldest of several runs. */
  readonly beganMs?: number;
  /** Its counters are shown, at 0 as well. */
  readonly isCounted: boolean;
};

export type ShownRuns = {
  readonly place: Pick<Place, 'job' | 'profile'>;
  readonly newest?: NewestOfRuns;
  readonly sums?: RunSums;
  readonly isCounted: boolean;
};

export type Shown = {
  readonly steps: readonly ShownStep[];
  readonly runs: readonly ShownRuns[];
  readonly isShown: (place: Pick<Place, 'job' | 'profile'>) => boolean;
};

/** What this process is to count, whatever the store knows: by key, since when. */
export type Seeded = ReadonlyMap<string, { readonly place: Place; readonly atMs: number }>;

export type Selection = {
  readonly seeded: Seeded;
  /** Counters of everything that is shown. */
  readonly countsAll: boolean;
  /** Nothing but what was seeded. */
  readonly seededOnly: boolean;
};

/** What there is to show. */
export function shownOf({ newest, sums, running }: Known, selection: Selection): Shown {
  const { seeded, countsAll, seededOnly } = selection;
  const keys = new Map<string, Place>();
  const note = (place: Place): void => {
    const key = placeKey(place);
    if (!seededOnly || seeded.has(key)) keys.set(key, place);
  };
  for (const { place } of seeded.values()) note(place);
  for (const { job, profile } of Object.values(newest.runs)) note({ job, profile });
  const shapes = shapesOf(newest);
  for (const { place, steps } of shapes.values()) {
    for (const step of steps.keys()) note({ ...place, step });
  }
  for (const { job, profile, step } of Object.values(newest.steps)) note({ job, profile, step });

  const began = new Map<string, number>();
  for (const { job, profile, step, beganMs } of running) {
    const key = placeKey({ job, profile, step });
    note({ job, profile, step });
    began.set(key, Math.min(beganMs, began.get(key) ?? Infinity));
  }

  const isGone = (job: string, seenMs: number): boolean =>
    seenMs <= (newest.forgotten[job] ?? -Infinity);
  const seenOf = (key: string, seenMs = 0): number =>
    Math.max(seenMs, seeded.get(key)?.atMs ?? 0, began.get(key) ?? 0);

  const steps: ShownStep[] = [];
  const runs: ShownRuns[] = [];
  const shownRuns = new Set<string>();
  for (const [key, place] of keys) {
    const isCounted = countsAll || seeded.has(key);
    const { job, profile, step } = place;
    if (step === undefined) {
      const of = newest.runs[key];
      if (isGone(job, seenOf(key, of?.seenMs))) continue;
      shownRuns.add(key);
      runs.push({
        place: { job, profile },
        ...defined({ newest: of, sums: sums.runs[key] }),
        isCounted: isCounted || sums.runs[key] !== undefined,
      });
      continue;
    }
    const of = newest.steps[key];
    const shape = shapes.get(placeKey({ job, profile }));
    const settings = shape?.steps.get(step);
    const seenMs = seenOf(key, of?.seenMs);
    if (isGone(job, Math.max(seenMs, settings === undefined ? 0 : (shape?.atMs ?? 0)))) continue;
    if (shape !== undefined && settings === undefined && shape.atMs > seenMs) continue;
    steps.push({
      place: { job, profile, step },
      ...defined({ newest: of, sums: sums.steps[key], settings, beganMs: began.get(key) }),
      isCounted: isCounted || sums.steps[key] !== undefined,
    });
  }
  return { steps, runs, isShown: (place) => shownRuns.has(placeKey(place)) };
}

type Shape = {
  readonly place: Pick<Place, 'job' | 'profile'>;
  readonly atMs: number;
  readonly steps: ReadonlyMap<string, RunShape['steps'][number]>;
};

/** The steps of each job and profile as its newest run began with them, alone or as a step of another profile. */
function shapesOf({ runs }: Known['newest']): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const { job, profile, shape } of Object.values(runs)) {
    if (shape === undefined) continue;
    for (const one of [{ profile, steps: shape.steps }, ...(shape.nested ?? [])]) {
      const place = { job, profile: one.profile };
      const key = placeKey(place);
      const { atMs } = shape;
      if ((shapes.get(key)?.atMs ?? -Infinity) > atMs) continue;
      shapes.set(key, { place, atMs, steps: new Map(one.steps.map((step) => [step.id, step])) });
    }
  }
  return shapes;
}

/** What is left when these jobs and profiles are not shown. */
export function without(
  { steps, runs, isShown }: Shown,
  isHidden: (place: Pick<Place, 'job' | 'profile'>) => boolean,
): Shown {
  return {
    steps: steps.filter(({ place }) => !isHidden(place)),
    runs: runs.filter(({ place }) => !isHidden(place)),
    isShown: (place) => isShown(place) && !isHidden(place),
  };
}

/** Lets as many through as the bound allows, those that were let through before first. */
export function makeBound(maxSeries: number): {
  admit(shown: Shown): { readonly shown: Shown; readonly refused: number };
} {
  let admitted = new Set<string>();
  const refusedBefore = new Set<string>();
  return {
    admit: ({ steps, runs, isShown }) => {
      const next = new Set<string>();
      let left = maxSeries;
      let refused = 0;
      const take = <T extends { readonly place: Place }>(
        all: readonly T[],
        costOf: (one: T) => number,
      ): T[] =>
        all.filter((one) => {
          const key = placeKey(one.place);
          const cost = costOf(one);
          if (next.has(key)) return true;
          if (left >= cost) {
            left -= cost;
            next.add(key);
            return true;
          }
          if (!refusedBefore.has(key)) refused += 1;
          refusedBefore.add(key);
          return false;
        });
      const known = <T extends { readonly place: Place }>(all: readonly T[]): readonly T[] =>
        all.filter(({ place }) => admitted.has(placeKey(place)));
      const ofRuns = (): number => SERIES_OF.runs;
      take(known(runs), ofRuns);
      take(known(steps), seriesOfStep);
      const shown = {
        runs: take(runs, ofRuns),
        steps: take(steps, seriesOfStep),
        isShown,
      };
      admitted = next;
      return { shown, refused };
    },
  };
}

function seriesOfStep(step: ShownStep): number {
  return SERIES_OF.step + (isWithItems(step) ? SERIES_OF.items : 0);
}

/** It is done for each of its items, now or in an earlier run. */
export function isWithItems({ sums, settings }: Pick<ShownStep, 'sums' | 'settings'>): boolean {
  return sums?.items !== undefined || settings?.items === true;
}

/** Without what is undefined. */
function defined<T extends object>(about: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const entries = Object.entries(about).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}
