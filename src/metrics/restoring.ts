/** Lets the counters of a short run go on from those of earlier ones on the same exporter. Never rejects. */

import type { RunJournal } from '../store/store.ts';
import type { Telemetry } from './telemetry.ts';

/** Puts into `telemetry` what the facts counted on `exporter` add up to, before it counts anything itself. */
export async function restore({
  store,
  exporter,
  telemetry,
}: {
  readonly store: Pick<RunJournal, 'counters'>;
  readonly exporter: string;
  readonly telemetry: Telemetry;
}): Promise<void> {
  try {
    telemetry.load(await store.counters(exporter));
  } catch {
    telemetry.metricsError('restore');
  }
}
