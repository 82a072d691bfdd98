/** Makes one result of those of a step's items: tables become one table, files one folder by item. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { MAIN_OUTPUT } from '../model/plan.ts';
import { itemText } from '../model/listed-item.ts';
import { fileNameOf, nameIn } from '../model/nested.ts';
import { isSuccess } from '../model/outcome.ts';
import { StepError } from '../model/step-error.ts';
import { explainFullDisk } from '../store/fs-failure.ts';
import { readCollections } from './collection.ts';
import { folderNames } from './folder-names.ts';
import { readItems } from './item-list.ts';
import { judgeItems } from './items-verdict.ts';
import { wholeOf } from './known-items.ts';
import { makeLazyFolder } from './lazy-folder.ts';
import { about } from './reuse.ts';
import { logFileOf, stepName, stopwatch, tablesIn } from './run-step.ts';
import { makeStepLog } from './step-log.ts';

import type { AnyStepDefinition, ItemTables, StepDefinition } from '../kinds/contract.ts';
import type { Column } from '../model/column.ts';
import type { ListedItem } from '../model/listed-item.ts';
import type { ArtifactRef, GatherInput, ItemEnd, StepResult } from '../model/step-result.ts';
import type { StoredResult } from '../store/entries.ts';
import type { ItemsVerdict } from './items-verdict.ts';
import type { StepEnvironment } from './run-step.ts';

/** @throws StepError ITEMS_FAILED, ITEMS_DIFFER */
export async function gatherItems(
  definition: AnyStepDefinition,
  input: GatherInput,
  environment: StepEnvironment,
  signal: AbortSignal,
  { onProgress = () => undefined }: { readonly onProgress?: () => void } = {},
): Promise<StepResult> {
  const { store } = environment;
  const { run, step, list } = input;
  const elapsedMs = stopwatch();
  const { foreach } = step;
  if (foreach === undefined) throw new Error('unreachable: the step has items');
  const logFile = logFileOf(environment, { run, step });
  const log = makeStepLog(logFile, (text) => text);
  const folder = makeLazyFolder(
    join(
      environment.attemptsRoot,
      run.id,
      `${fileNameOf(nameIn(run.within, step.id))}.all.${run.generation}-${input.attempt}`,
    ),
  );
  try {
    const ends = await readCollections(input.collections, store);
    const { items, columns } = await readItems(list, store);
    const textOf = (index: number): string => itemText(items[index]!);
    for (const end of ends.filter(({ status }) => !isSuccess(status)))
      log.line(lineOf(end, textOf));
    const verdict = judgeItems(foreach, ends, { total: list.count, textOf });
    const good = ends.flatMap(({ index, status, fingerprint }) =>
      isSuccess(status) && fingerprint !== undefined
        ? [{ index, item: items[index]!, fingerprint }]
        : [],
    );
    const made = await putTogether(good, columns, {
      environment,
      input,
      signal,
      onProgress,
      folder: folder.path(),
    });
    const fingerprints = items.map(() => 'left out');
    for (const { index, fingerprint } of good) fingerprints[index] = fingerprint;
    const kind = definition as unknown as StepDefinition<unknown>;
    const isWhole = good.length === items.length;
    const whole = wholeOf(kind, input, {
      items,
      columns,
      fingerprints,
      engine: tablesIn(environment).version,
      // What leaves some out is of this run alone.
      ...(isWhole ? {} : { salt: `${run.id}/${nameIn(run.within, step.id)}` }),
    });
    const stored = storedOf({ made, verdict, whole, isWhole, input, environment, elapsedMs });
    const winner = await store.putResult(whole.fingerprint, stored);
    log.line(`${good.length} of ${items.length} items put together in ${elapsedMs()} ms`);
    const { warning: _, failedChecks: __, ...rest } = winner.result;
    const { warning, failedChecks } = stored.result;
    return {
      ...rest,
      ...(warning === undefined ? {} : { warning }),
      ...(failedChecks === undefined ? {} : { failedChecks }),
      items: verdict.items,
      cached: false,
      durationMs: sinceMs(input),
    };
  } catch (error) {
    log.line(`failed: ${error instanceof Error ? error.message : String(error)}`);
    throw explainFullDisk(error, 'write the files of this step');
  } finally {
    log.flush();
    store.logs?.keep(run.id, nameIn(run.within, step.id), logFile);
    await folder.remove();
  }
}

/** Of the whole step, not of this part of it. */
function sinceMs({ startedAtMs }: GatherInput): number {
  return Math.max(1, Date.now() - startedAtMs);
}

function lineOf(
  { index, status, code, reason, log }: ItemEnd,
  textOf: (index: number) => string,
): string {
  const [why] = (reason ?? '').split('\n');
  const words = [code, why].filter((word) => word !== undefined && word !== '').join(': ');
  return `item ${index} (${textOf(index)}) ${status}${words === '' ? '' : `  ${words}`}${log === undefined ? '' : `  ${log}`}`;
}

function storedOf({
  made,
  verdict,
  whole,
  isWhole,
  input: { run, step, list, collections },
  environment,
  elapsedMs,
}: {
  readonly made: Made;
  readonly verdict: ItemsVerdict;
  readonly whole: ReturnType<typeof wholeOf>;
  readonly isWhole: boolean;
  readonly input: GatherInput;
  readonly environment: StepEnvironment;
  readonly elapsedMs: () => number;
}): StoredResult {
  const { warning, failedChecks } = verdict;
  const rows = made.outputs[MAIN_OUTPUT]?.rows;
  return {
    result: {
      fingerprint: whole.fingerprint,
      outputs: made.outputs,
      values: { items: list.count, ...(rows === undefined ? {} : { rows }) },
      ...about({
        ...(warning === undefined ? {} : { warning }),
        ...(failedChecks === undefined ? {} : { failedChecks }),
        ...(rows === undefined ? {} : { rows: { out: rows } }),
      }),
    },
    runId: run.id,
    parts: collections.map(({ ref }) => ref),
    ...(isWhole ? { step: stepName(run, step.id) } : {}),
    writtenAtMs: Date.now(),
    durationMs: elapsedMs(),
    ingredients: whole.ingredients,
    columns: made.columns,
    bootId: environment.bootId,
  };
}

type Good = { readonly index: number; readonly item: ListedItem; readonly fingerprint: string };

type Made = {
  readonly outputs: Record<string, ArtifactRef>;
  readonly columns: Record<string, readonly Column[]>;
};

type Around = {
  readonly environment: StepEnvironment;
  readonly input: GatherInput;
  readonly signal: AbortSignal;
  readonly onProgress: () => void;
  readonly folder: string;
};

/** Items that are looked up or fetched beside each other: of a store elsewhere each is some requests. */
const AT_ONCE = 32;

function piecesOf<T>(all: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(all.length / AT_ONCE);
  return Array.from({ length: count }, (_, i) => all.slice(i * AT_ONCE, (i + 1) * AT_ONCE));
}

/** What of a stored result is needed here: there may be many. */
type Kept = Good & Pick<StoredResult, 'columns'> & { readonly outputs: StepResult['outputs'] };

async function putTogether(
  good: readonly Good[],
  itemColumns: readonly Column[],
  around: Around,
): Promise<Made> {
  const { store } = around.environment;
  const { gather } = tablesIn(around.environment);
  const kept: Kept[] = [];
  for (const some of piecesOf(good)) {
    around.signal.throwIfAborted();
    const found = await Promise.all(some.map(({ fingerprint }) => store.noted(fingerprint)));
    for (const [i, each] of some.entries()) {
      const stored = found[i];
      if (stored === undefined) {
        throw new Error(`the result of item ${each.index} is not in the store any more`);
      }
      kept.push({ ...each, columns: stored.columns, outputs: stored.result.outputs });
    }
    around.onProgress();
  }
  const made: Made = { outputs: {}, columns: {} };
  for (const output of outputNames(kept)) {
    const tables = tablesOf(output, kept, around);
    if (tables !== undefined) {
      const { path, columns, ...rest } = await gather(output, tables, itemColumns, {
        folder: around.folder,
        limits: around.environment.limits(around.input.concurrency),
        signal: around.signal,
        sources: [],
        ...(around.environment.engine === undefined ? {} : { engine: around.environment.engine }),
        onProgress: around.onProgress,
        hold: () => store.hold(),
      });
      made.outputs[output] = await store.put(path, rest);
      made.columns[output] = columns;
    } else {
      made.outputs[output] = await store.put(await folderOf(output, kept, around), {
        format: 'tree',
      });
    }
  }
  return made;
}

/** Outputs that all have; what only some have cannot be put together. */
function outputNames(kept: readonly Kept[]): readonly string[] {
  const namesOf = ({ outputs }: Kept): readonly string[] =>
    Object.keys(outputs)
      .filter((name) => !name.includes('.'))
      .toSorted();
  const [first, ...others] = kept;
  if (first === undefined) return [];
  const names = namesOf(first);
  const other = others.find((each) => namesOf(each).join() !== names.join());
  if (other === undefined) return names;
  throw new StepError(
    'ITEMS_DIFFER',
    `item ${itemText(first.item)} has the outputs ${names.join(', ')}, item ${itemText(other.item)} has ${namesOf(other).join(', ') || 'none'}`,
  );
}

/** Where the output of each is a table, or a text beside its table; undefined where it is a file or a folder. */
function tablesOf(
  output: string,
  kept: readonly Kept[],
  { environment }: Around,
): Parameters<ItemTables['gather']>[1] | undefined {
  const { tableBehind } = tablesIn(environment);
  const tables: Parameters<ItemTables['gather']>[1][number][] = [];
  for (const { item, outputs, columns } of kept) {
    const behind = tableBehind(output, outputs);
    if (behind === undefined) return undefined;
    if (behind === 'empty') continue;
    const { name, ref } = behind;
    tables.push({ item, ref, columns: columns[name] ?? [] });
  }
  return tables.length === 0 ? undefined : tables;
}

/** A folder with the file or folder of each item under the item's name. */
async function folderOf(
  output: string,
  kept: readonly Kept[],
  { environment, folder, onProgress }: Around,
): Promise<string> {
  const target = join(folder, 'folders', output);
  await mkdir(target, { recursive: true });
  const names = folderNames(kept);
  for (const some of piecesOf([...kept.entries()])) {
    await Promise.all(
      some.map(([i, { outputs }]) =>
        environment.store.copyTo(outputs[output]!, join(target, names[i]!)),
      ),
    );
    onProgress();
  }
  return target;
}
