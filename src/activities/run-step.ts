/**
 * Executes one attempt of a step: fingerprint, look-up, work, store. Knows no Temporal and no metrics.
 *
 * 1. A stored result is complete: its artifacts lie in the store before it is written, last.
 * 2. What the fingerprint names is what the work reads: its hashes of sources are those of the bytes copied in.
 * 3. The attempt folder belongs to this attempt alone and is gone afterwards.
 */

import { join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { fileNameOf, filePathOf, fullName, nameIn } from '../model/nested.ts';
import { explainFullDisk } from '../store/fs-failure.ts';
import { takeAlone } from './alone.ts';
import { makeRedactor } from './redactor.ts';
import { copiesAtOnce } from './first-copy.ts';
import { hashSources, stageSources } from './stage-sources.ts';
import { keepFile } from './keep-file.ts';
import { makeFence } from './fence.ts';
import { placeFor } from './turns.ts';
import { makeLazyFolder } from './lazy-folder.ts';
import { about, identifyAttempt, previousColumnsOf, reuse, secretsInUse, united } from './reuse.ts';
import { boundedValues, holdToContract, putOutputs } from './returned.ts';
import { makeStepLog } from './step-log.ts';
import { StepError } from '../model/step-error.ts';

import type { FoundFile } from './expand-globs.ts';
import type { LazyFolder } from './lazy-folder.ts';
import type { HashedSource } from './stage-sources.ts';
import type { StoredResult } from '../store/entries.ts';
import type { StoreLease } from '../store/leases.ts';
import type { Store } from '../store/store.ts';
import type { Turns } from './turns.ts';
import type { ArtifactRef, StepInput, StepResult, ItemPlace } from '../model/step-result.ts';
import type {
  AnyStepDefinition,
  ItemTables,
  StepContext,
  StepDefinition,
} from '../kinds/contract.ts';

/** What a worker gives to every step it runs. Paths are absolute. */
export type StepEnvironment = {
  readonly store: Store;
  /** Parent of the attempt folders, on this machine's disk. */
  readonly attemptsRoot: string;
  /** Where the logs and kept files of a run go. */
  readonly runFolder: (runId: string) => string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly secret: (name: string) => string | undefined;
  readonly limits: (concurrency: number) => StepContext['limits'];
  /** For small queries; absent: each step has an instance of its own. */
  readonly engine?: StepContext['engine'];
  /** For steps with items; absent: there are none. */
  readonly items?: ItemTables;
  readonly bootId: string;
  /** Told of attempts that stand in line for a limit, and that they do no more. */
  readonly onWaiting?: ((input: StepInput, limit: string | undefined) => void) | undefined;
  /** W3C header of an attempt's span; absent where no trace is made. */
  readonly traceparent?: ((input: StepInput) => string) | undefined;
};

/** The tables of items. */
export function tablesIn({ items }: Pick<StepEnvironment, 'items'>): ItemTables {
  if (items === undefined) throw new Error('this worker does no steps with items');
  return items;
}

/** Whose attempt it is. */
export type Whose = Pick<StepInput, 'run' | 'step'> & {
  readonly item?: Pick<ItemPlace, 'index'> | undefined;
};

/** Path of the log of a step, or of one of its items. */
export function logFileOf(
  environment: Pick<StepEnvironment, 'runFolder'>,
  whose: { readonly run: Pick<StepInput['run'], 'id' | 'within'> } & Pick<Whose, 'item'> & {
      readonly step: Pick<StepInput['step'], 'id'>;
    },
): string {
  const path = filePathOf(fullName(whose));
  return join(environment.runFolder(whose.run.id), 'logs', `${path}.log`);
}

/** Begins the names of files that belong to a step or one of its items. */
function fileOf(whose: Whose): string {
  return fileNameOf(fullName(whose));
}

/** Whole milliseconds since now, at least 1: what ran took some time. */
export function stopwatch(): () => number {
  const startedAt = performance.now();
  return () => Math.max(1, Math.round(performance.now() - startedAt));
}

/** Runs one attempt, or takes over the result of an equal one. @throws StepError, UserError, Error */
export async function runStep(
  definition: AnyStepDefinition,
  input: StepInput,
  environment: StepEnvironment,
  signal: AbortSignal,
  {
    elapsedMs = stopwatch(),
    onProgress = () => undefined,
    ...turns
  }: Partial<Turns> & {
    readonly elapsedMs?: () => number;
    readonly onProgress?: () => void;
  } = {},
): Promise<StepResult> {
  const folderOf = (name: string): LazyFolder =>
    makeLazyFolder(join(environment.attemptsRoot, input.run.id, name));
  const start = `${input.run.generation}-${input.attempt}`;
  const folder = folderOf(`${fileOf(input)}.${start}`);
  const unpacked = folderOf(`${fileOf(input)}.inputs.${start}`);
  // What it reads stays on this machine as long as it runs.
  const held = environment.store.hold();
  const around = { elapsedMs, onProgress, folder, unpacked, held, turns };
  try {
    return await runIn(definition, input, environment, signal, around);
  } finally {
    await held.release();
    await unpacked.remove();
    await folder.remove();
  }
}

async function runIn(
  definition: AnyStepDefinition,
  input: StepInput,
  environment: StepEnvironment,
  signal: AbortSignal,
  {
    elapsedMs,
    onProgress,
    folder,
    unpacked,
    held,
    turns,
  }: {
    readonly elapsedMs: () => number;
    readonly onProgress: () => void;
    readonly folder: LazyFolder;
    /** For the folders among its inputs: no edit reaches the store. */
    readonly unpacked: LazyFolder;
    readonly held: Pick<Store, 'materialize'>;
    readonly turns: Partial<Turns>;
  },
): Promise<StepResult> {
  const { store } = environment;
  const { step, run, item } = input;
  const kind = definition as unknown as StepDefinition<unknown>;
  const secrets = secretsInUse(environment.secret);
  let staged: Awaited<ReturnType<typeof stageSources>> | undefined;
  const stage = async (files: readonly FoundFile[]): ReturnType<typeof stageSources> =>
    files.length === 0 ? [] : stageSources(files, folder.path(), signal, onProgress);
  const hash = async (files: readonly FoundFile[]): Promise<readonly HashedSource[]> => {
    const latest = async () => store.latestOf(run.job, run.profile, step.id);
    if (!(await copiesAtOnce(files, latest))) return hashSources(files, signal, onProgress);
    staged = await stage(files).catch((error: unknown) => {
      throw explainFullDisk(error, 'copy in the files of this step');
    });
    return staged;
  };
  const folders = new Map<string, Promise<string>>();
  const unpack = (ref: ArtifactRef): Promise<string> => {
    const target = join(unpacked.path(), ref.sha256);
    const made = folders.get(target) ?? copyFolder(store, ref, target);
    folders.set(target, made);
    return made;
  };
  const reading = { onProgress, hash, unpack };
  const identity = await identifyAttempt(definition, input, held, secrets, signal, reading);
  const redactor = makeRedactor([...secrets.used.values()]);
  const redact = (text: string): string => redactor.text(text);
  const stepLog = makeStepLog(logFileOf(environment, input), redact);
  const log = stepLog.line;

  const previousColumns = previousColumnsOf(store, input);
  const look = (): Promise<StepResult | undefined> =>
    reuse(definition, input, identity, store, log, elapsedMs);
  const found = await look();
  if (found !== undefined) {
    stepLog.flush();
    return found;
  }

  const turn = identity.reusable
    ? await takeAlone(store, identity.fingerprint, signal, () =>
        log('waits for an equal step that another run is at'),
      )
    : undefined;
  let place: StoreLease | undefined;
  try {
    const made = turn?.waited === true ? await look() : undefined;
    if (made !== undefined) return made;
    place = await placeFor(input, store, signal, { ...turns, log });
    const { options, inputs } = await identity.located();
    const sources = staged ?? (await stage(identity.files));
    const { fingerprint, ingredients } = identity.with(sources);
    const context: StepContext = {
      runId: run.id,
      step: nameIn(run.within, step.id),
      attempt: input.attempt,
      get folder() {
        return folder.path();
      },
      inputs,
      needs: step.needs,
      sources,
      signal,
      fence: makeFence({
        folder: () => folder.path(),
        attemptsRoot: environment.attemptsRoot,
        run: run.id,
        step: nameIn(run.within, step.id),
      }),
      limits: environment.limits(input.concurrency),
      ...(environment.engine === undefined ? {} : { engine: environment.engine }),
      ...(environment.traceparent === undefined
        ? {}
        : { traceparent: environment.traceparent(input) }),
      previousRows: run.previousRows,
      previousColumns,
      progress: onProgress,
      env: environment.env,
      log,
      redact,
      redactStream: () => redactor.stream(),
      keepFile: (path, name) =>
        keepFile(path, join(environment.runFolder(run.id), 'kept', `${fileOf(input)}.${name}`)),
    };
    // Of many items only those have a log that say something, or fail.
    if (item === undefined || input.attempt > 1) log(`attempt ${input.attempt} of ${kind.kind}`);
    const returned = await kind.run(options, context);
    signal.throwIfAborted();
    await holdToContract(kind, options, returned);
    const { outputs, columns } = await putOutputs(returned, inputs, store);
    const durationMs = elapsedMs();
    const stored: StoredResult = {
      result: {
        fingerprint,
        outputs,
        values: boundedValues(returned.values ?? {}),
        ...about(returned),
      },
      runId: run.id,
      ...(item === undefined ? {} : { item: true }),
      ...(identity.reusable && item === undefined ? { step: stepName(run, step.id) } : {}),
      writtenAtMs: Date.now(),
      durationMs,
      // What changed is told of the step, not of each of its items.
      ingredients: item === undefined ? ingredients : {},
      columns,
      bootId: environment.bootId,
    };
    const winner = await store.putResult(fingerprint, stored);
    // Of this time alone: the stored result says nothing of it.
    const added = await kind.conditions?.(
      options,
      { values: winner.result.values, columns: winner.columns },
      { previousRows: run.previousRows, previousColumns, log },
    );
    if (item === undefined) log(`done in ${durationMs} ms`);
    const words = united(winner.result, added ?? {}, returned.saidNow);
    return { ...winner.result, ...words, cached: false, durationMs };
  } catch (error) {
    const told = explainFullDisk(error, 'write the files of this step');
    const message = told instanceof Error ? told.message : String(told);
    log(`failed: ${message}`);
    throw secrets.used.size === 0 ? told : withoutSecrets(told, message, redact);
  } finally {
    turn?.end();
    await place?.release();
    stepLog.flush();
    store.logs?.keep(run.id, fullName(input), logFileOf(environment, input));
  }
}

async function copyFolder(store: Store, ref: ArtifactRef, target: string): Promise<string> {
  await store.copyTo(ref, target).catch((error: unknown) => {
    throw explainFullDisk(error, 'copy in the folders that this step reads');
  });
  return target;
}

/** The same failure with nothing in it that could hold a secret: no cause, no stack of its own. */
function withoutSecrets(error: unknown, message: string, redact: (text: string) => string): Error {
  const shown = redact(message);
  if (!(error instanceof StepError || error instanceof UserError)) return new Error(shown);
  const hint = error.hint === undefined ? undefined : redact(error.hint);
  if (error instanceof StepError) {
    const { failedChecks, rowsRejected } = error;
    return new StepError(error.code, shown, { hint, failedChecks, rowsRejected });
  }
  const { code, exitCode } = error;
  return new UserError(code, shown, { exitCode, ...(hint === undefined ? {} : { hint }) });
}

/** Under which names the newest result of a step is found. */
export function stepName({ job, profile, partition, within }: StepInput['run'], id: string) {
  return {
    ...{ job, profile, id },
    ...(partition === undefined ? {} : { partition }),
    ...(within === undefined ? {} : { within }),
  };
}
