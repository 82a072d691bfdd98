/** What the store knows of a step's items, for a run that needs no engine and for `explain`. Executes nothing. */

import { tmpdir } from 'node:os';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { locateInputs } from '../../activities/identity.ts';
import { lookAtItems } from '../../activities/known-items.ts';
import { itemTables } from '../../duckdb/items/item-tables.ts';

import type { Known } from '../../activities/known-items.ts';
import type { ReuseInput, SecretsInUse } from '../../activities/reuse.ts';
import type { AnyStepDefinition } from '../../kinds/contract.ts';
import type { Store } from '../../store/store.ts';

/** For the little that is read of a table of items. */
const LIMITS = Object.freeze({ memoryBytes: 256 * 2 ** 20, threads: 1 });

/** @throws StepError */
export async function lookAtItemsHere(
  definition: AnyStepDefinition,
  input: ReuseInput,
  {
    store,
    secrets,
    elapsedMs,
    always,
  }: {
    readonly store: Store;
    readonly secrets: SecretsInUse;
    readonly elapsedMs: () => number;
    /** False: outside files are not read for items that nothing was ever stored of. */
    readonly always: boolean;
  },
): Promise<Known> {
  const signal = new AbortController().signal;
  const folder = await mkdtemp(join(tmpdir(), 'builder-items-'));
  try {
    const inputs = await locateInputs(input.inputs, store);
    const session = { folder, limits: LIMITS, signal, inputs, sources: [] };
    return await lookAtItems(definition, input, {
      ...{ store, secrets, signal, session, elapsedMs, always, tables: itemTables },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
