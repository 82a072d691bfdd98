/** Makes the series of a run appear before its first step, where somebody is to see them at 0. */

import { shapeOf } from '../../model/run-shape.ts';

import type { Metrics } from '../../metrics/open-metrics.ts';
import type { Plan } from '../../model/plan.ts';
import type { RunControl, Stops } from '../control.ts';
import type { Parts } from '../parts.ts';

/** What is waited for, or was: by job and profile, for later runs have the same series. */
const awaited = new WeakMap<Metrics, Map<string, Promise<void>>>();

/** Waits for a first scrape of its job and profile as long as the project says; any stop ends the wait. */
export async function awaitFirstScrape(
  parts: Parts,
  plan: Plan,
  { tell }: RunControl,
  stops: Stops,
): Promise<void> {
  const seconds = parts.options.metrics?.waitForScrape ?? 0;
  if (seconds === 0 || plan.only !== undefined) return;
  const metrics = await parts.metrics(tell);
  const mine = awaited.get(metrics) ?? new Map<string, Promise<void>>();
  awaited.set(metrics, mine);
  const name = JSON.stringify([plan.job, plan.profile]);
  const begun = mine.get(name);
  if (begun !== undefined) return begun;
  const enough = new AbortController();
  stops.onCancel(() => enough.abort());
  void stops.suspended.then(() => enough.abort());
  const say = (text: string): void => tell({ type: 'said', text });
  const waiting = metrics.awaitScrape(shapeOf(plan), seconds, say, enough.signal);
  mine.set(name, waiting);
  await waiting;
}
