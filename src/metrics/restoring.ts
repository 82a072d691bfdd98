/**
 * Lets the counters of a short run go on from those of earlier ones on the same exporter.
 *
 * 1. The claims in the store are the truth; the totals file only saves reading all of them at every start.
 * 2. Totals name the claims they hold (a mark), so a claim is never counted twice and none is lost by a kill.
 * 3. Nothing here rejects: telemetry never fails a run.
 */

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { replaceFile } from '../os/atomic.ts';
import { safeName } from '../os/safe-name.ts';

import type { ClaimsMark, Store } from '../store/store.ts';
import type { Telemetry, Totals } from './telemetry.ts';

type Saved = { readonly format: 1; readonly totals: Totals; readonly mark: ClaimsMark };

/** Claims replayed at a start beyond which new totals are worth writing: some dozens of runs. */
const SAVE_FROM_CLAIMS = 1_000;

export type Restored = {
  /** Writes new totals if reading the claims has become slow. Call it when everything is counted and sealed. */
  save(): Promise<void>;
};

/** Puts into `telemetry` what was counted on `exporter` before. Never rejects. */
export async function restore({
  store,
  exporter,
  folder,
  telemetry,
}: {
  readonly store: Pick<Store, 'claimsOn'>;
  readonly exporter: string;
  /** Where the totals lie, absolute. */
  readonly folder: string;
  readonly telemetry: Telemetry;
}): Promise<Restored> {
  const file = join(folder, `${safeName(exporter)}.totals.json`);
  try {
    const saved = await readSaved(file);
    const isLoaded = saved !== undefined && telemetry.load(saved.totals);
    const { claims, mark } = await store.claimsOn(exporter, isLoaded ? saved.mark : {});
    for (const claim of claims) telemetry.record(claim);
    const counted = telemetry.recorded();
    return {
      save: async () => {
        if (mark === undefined || claims.length < SAVE_FROM_CLAIMS) return;
        const now = await store.claimsOn(exporter, mark).catch(() => undefined);
        // Claims that this process did not count are not in its totals: the next start reads them.
        if (now?.mark === undefined || now.claims.length !== telemetry.recorded() - counted) return;
        const next: Saved = { format: 1, totals: telemetry.dump(), mark: now.mark };
        await mkdir(folder, { recursive: true })
          .then(() => replaceFile(file, JSON.stringify(next), { sync: true }))
          .catch(() => telemetry.metricsError('restore'));
      },
    };
  } catch {
    telemetry.metricsError('restore');
    return { save: async () => undefined };
  }
}

async function readSaved(file: string): Promise<Saved | undefined> {
  try {
    const saved = JSON.parse(await readFile(file, 'utf8')) as Saved;
    return saved.format === 1 ? saved : undefined;
  } catch {
    return undefined;
  }
}
