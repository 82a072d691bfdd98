/** Makes the series of a run appear before its first step, where somebody is to see them at 0. */

import { shapeOf } from '../model/run-shape.ts';

import type { Plan } from '../model/plan.ts';
import type { RunControl, Stops } from './control.ts';
import type { Parts } from './parts.ts';

/** Waits for a first scrape as long as the project says; any stop ends the wait. */
export async function awaitFirstScrape(
  parts: Parts,
  plan: Plan,
  { tell }: RunControl,
  stops: Stops,
): Promise<void> {
  const seconds = parts.options.metrics?.waitForScrape ?? 0;
  if (seconds === 0) return;
  const metrics = await parts.metrics(tell);
  const enough = new AbortController();
  stops.onCancel(() => enough.abort());
  void stops.suspended.then(() => enough.abort());
  const say = (text: string): void => tell({ type: 'said', text });
  await metrics.awaitScrape(shapeOf(plan), seconds, say, enough.signal);
}
