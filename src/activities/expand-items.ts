/** Finds the items of a step, and what the store knows of each, before any of them is worked on. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { putCollection } from './collection.ts';
import { putItems } from './item-list.ts';
import { lookAtItems } from './known-items.ts';
import { makeLazyFolder } from './lazy-folder.ts';
import { locateInputs } from './identity.ts';
import { secretsInUse } from './reuse.ts';
import { stopwatch, tablesIn } from './run-step.ts';
import { fileNameOf, inputsOf, nameIn } from '../model/nested.ts';
import { rangesText } from '../model/ranges.ts';

import type { AnyStepDefinition } from '../kinds/contract.ts';
import type { ItemCounts, Status } from '../model/outcome.ts';
import type { Expanded, ItemEnd, StepInput } from '../model/step-result.ts';
import type { KnownItem } from './known-items.ts';
import type { StepEnvironment } from './run-step.ts';

/** @throws StepError */
export async function expandItems(
  definition: AnyStepDefinition,
  input: StepInput,
  environment: StepEnvironment,
  signal: AbortSignal,
  { onProgress = () => undefined }: { readonly onProgress?: () => void } = {},
): Promise<Expanded> {
  const { store } = environment;
  const { run, step } = input;
  const tables = tablesIn(environment);
  const own = `${fileNameOf(nameIn(run.within, step.id))}.items.${run.generation}-${input.attempt}`;
  const folder = makeLazyFolder(join(environment.attemptsRoot, run.id, own));
  try {
    const found = await lookAtItems(definition, input, {
      store,
      secrets: secretsInUse(environment.secret),
      signal,
      elapsedMs: stopwatch(),
      onProgress,
      always: run.generation > 1,
      tables,
      session: {
        get folder() {
          return folder.path();
        },
        limits: environment.limits(input.concurrency),
        signal,
        inputs: await locateInputs(inputsOf(input), store),
        sources: [],
        ...(environment.engine === undefined ? {} : { engine: environment.engine }),
      },
    });
    if (found.whole !== undefined) return { kind: 'found', result: found.whole };
    await mkdir(folder.path(), { recursive: true });
    const list = await putItems(found.items, { columns: found.columns }, folder.path(), store);
    const ends = found.results.map(endOf);
    const there = new Set(ends.map(({ index }) => index));
    const open = [...found.items.keys()].filter((index) => !there.has(index));
    const known = ends.length === 0 ? undefined : await putCollection(ends, folder.path(), store);
    return {
      kind: 'items',
      list,
      open: rangesText(open),
      ...split(found.results),
      ...(known === undefined ? {} : { known }),
    };
  } finally {
    await folder.remove();
  }
}

function statusOf({ result }: KnownItem): Status {
  if (result.warning !== undefined) return 'WARN';
  return result.cached ? 'CACHED' : 'OK';
}

function endOf(known: KnownItem): ItemEnd {
  const { fingerprint, warning, failedChecks } = known.result;
  return {
    index: known.index,
    status: statusOf(known),
    fingerprint,
    ...(warning === undefined ? {} : { reason: warning }),
    ...(failedChecks === undefined ? {} : { failedChecks }),
  };
}

/** What this run had finished before was told then. */
function split(results: readonly KnownItem[]): {
  readonly reused: Partial<Record<Status, string>>;
  readonly finished: ItemCounts;
} {
  const reused = new Map<Status, number[]>();
  const finished: Partial<Record<Status, number>> = {};
  for (const known of results) {
    const status = statusOf(known);
    if (known.result.adopted === true) finished[status] = (finished[status] ?? 0) + 1;
    else reused.set(status, [...(reused.get(status) ?? []), known.index]);
  }
  const texts = [...reused].map(([status, indices]) => [status, rangesText(indices)] as const);
  return { reused: Object.fromEntries(texts), finished };
}
