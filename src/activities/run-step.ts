/**
 * Executes one attempt of a step: fingerprint, look-up, work, store. Knows no Temporal and no metrics.
 *
 * 1. A stored result is complete: its artifacts lie in the store before it is written, last.
 * 2. What the fingerprint names is what the work reads: its hashes of sources are those of the bytes copied in.
 * 3. The attempt folder belongs to this attempt alone and is gone afterwards.
 */

import { lstat } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { fileNameOf, nameIn } from '../model/nested.ts';
import { MAX_OUTPUTS, MAX_VALUES } from '../model/step-result.ts';
import { explainFullDisk } from '../store/fs-failure.ts';
import { makeRedactor } from './redactor.ts';
import { copiesAtOnce } from './first-copy.ts';
import { hashSources, stageSources } from './stage-sources.ts';
import { keepFile } from './keep-file.ts';
import { makeFence } from './fence.ts';
import { makeLazyFolder } from './lazy-folder.ts';
import { about, identifyAttempt, previousColumnsOf, reuse, secretsInUse, united } from './reuse.ts';
import { makeStepLog } from './step-log.ts';
import { StepError } from '../model/step-error.ts';

import type { FoundFile } from './expand-globs.ts';
import type { LazyFolder } from './lazy-folder.ts';
import type { HashedSource } from './stage-sources.ts';
import type { StoredResult } from '../store/entries.ts';
import type { Store } from '../store/store.ts';
import type { ArtifactRef, StepInput, StepResult } from '../model/step-result.ts';
import type { InputArtifact, StepInputs } from '../model/attempt-inputs.ts';
import type { Json, Scalar } from '../model/plan.ts';
import type {
  AnyStepDefinition,
  StepContext,
  StepDefinition,
  StepOutput,
  StepReturn,
} from '../kinds/contract.ts';
import type { Column } from '../model/column.ts';

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
  readonly bootId: string;
  /** W3C header of an attempt's span; absent where no trace is made. */
  readonly traceparent?: ((input: StepInput) => string) | undefined;
};

/** Path of a step's log. */
export function logFileOf(
  environment: Pick<StepEnvironment, 'runFolder'>,
  { run, step }: Pick<StepInput, 'run' | 'step'>,
): string {
  return join(environment.runFolder(run.id), 'logs', `${fileOf({ run, step })}.log`);
}

/** The step's name in the run, as a part of the names of files. */
function fileOf({ run, step }: Pick<StepInput, 'run' | 'step'>): string {
  return fileNameOf(nameIn(run.within, step.id));
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
  }: { readonly elapsedMs?: () => number; readonly onProgress?: () => void } = {},
): Promise<StepResult> {
  const folderOf = (name: string): LazyFolder =>
    makeLazyFolder(join(environment.attemptsRoot, input.run.id, name));
  const start = `${input.run.generation}-${input.attempt}`;
  const folder = folderOf(`${fileOf(input)}.${start}`);
  const unpacked = folderOf(`${fileOf(input)}.inputs.${start}`);
  try {
    const how = { elapsedMs, onProgress, folder, unpacked };
    return await runIn(definition, input, environment, signal, how);
  } finally {
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
  }: {
    readonly elapsedMs: () => number;
    readonly onProgress: () => void;
    readonly folder: LazyFolder;
    /** For the folders among its inputs: no edit reaches the store. */
    readonly unpacked: LazyFolder;
  },
): Promise<StepResult> {
  const { store } = environment;
  const { step, run } = input;
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
  const identity = await identifyAttempt(definition, input, store, secrets, signal, reading);
  const redactor = makeRedactor([...secrets.used.values()]);
  const redact = (text: string): string => redactor.text(text);
  const stepLog = makeStepLog(logFileOf(environment, input), redact);
  const log = stepLog.line;

  const previousColumns = previousColumnsOf(store, input);
  const found = await reuse(definition, input, identity, store, log, elapsedMs);
  if (found !== undefined) {
    stepLog.flush();
    return found;
  }

  try {
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
    log(`attempt ${input.attempt} of ${kind.kind}`);
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
      ...(identity.reusable ? { step: stepName(run, step.id) } : {}),
      writtenAtMs: Date.now(),
      durationMs,
      ingredients,
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
    log(`done in ${durationMs} ms`);
    const words = united(winner.result, added ?? {}, returned.saidNow);
    return { ...winner.result, ...words, cached: false, durationMs };
  } catch (error) {
    const told = explainFullDisk(error, 'write the files of this step');
    const message = told instanceof Error ? told.message : String(told);
    log(`failed: ${message}`);
    throw secrets.used.size === 0 ? told : withoutSecrets(told, message, redact);
  } finally {
    stepLog.flush();
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

/** What a kind declares is what it returns: a mistake in its code must not look like one of a later step. */
async function holdToContract(
  { kind, outputs }: StepDefinition<unknown>,
  options: unknown,
  returned: StepReturn,
): Promise<void> {
  const given = Object.entries(returned.outputs ?? {});
  const declared = outputs?.(options);
  // The Parquet twin of a text is the runner's matter, not the kind's.
  const names = given.map(([name]) => name).filter((name) => !name.includes('.'));
  const differs = declared?.some((n) => !names.includes(n)) || names.length !== declared?.length;
  if (declared !== undefined && differs) {
    throw new StepError(
      'KIND_BROKEN',
      `${kind} declares the outputs ${declared.join(', ') || 'none'}, but returned ${names.join(', ') || 'none'}`,
    );
  }
  for (const [name, { path }] of given) {
    const isThere = await lstat(path).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      throw new StepError(
        'KIND_BROKEN',
        `${kind} returned output '${name}', but did not write ${path}`,
      );
    }
  }
}

async function putOutputs(
  returned: StepReturn,
  inputs: StepInputs,
  store: Store,
): Promise<{ outputs: Record<string, ArtifactRef>; columns: Record<string, readonly Column[]> }> {
  const entries = Object.entries(returned.outputs ?? {});
  if (entries.filter(([name]) => !name.includes('.')).length > MAX_OUTPUTS) {
    throw new StepError(
      'OUTPUT_TOO_LARGE',
      `the step returned ${entries.length} outputs; at most ${MAX_OUTPUTS} are allowed`,
    );
  }
  const outputs: Record<string, ArtifactRef> = {};
  const columns: Record<string, readonly Column[]> = {};
  for (const [name, output] of entries) {
    const { path, columns: described, ...rest } = output;
    const passed = passedOn(output, inputs);
    outputs[name] =
      passed === undefined
        ? await store.put(path, rest)
        : { ...rest, sha256: passed.sha256, bytes: passed.bytes };
    if (described !== undefined) columns[name] = described;
  }
  return { outputs, columns };
}

/** The input that is also this output: it lies in the store already, and must stay there. */
function passedOn({ path, format }: StepOutput, inputs: StepInputs): InputArtifact | undefined {
  return Object.values(inputs)
    .flatMap(({ outputs }) => Object.values(outputs))
    .find((input) => input.path === path && input.format === format);
}

function boundedValues(values: Readonly<Record<string, Scalar>>): Record<string, Scalar> {
  const size = JSON.stringify(values satisfies Json).length;
  if (Object.keys(values).length > MAX_VALUES || size > 2000) {
    throw new StepError(
      'OUTPUT_TOO_LARGE',
      `the step returned ${Object.keys(values).length} values of ${size} bytes; at most ${MAX_VALUES} values of 2000 bytes together are allowed`,
    );
  }
  return { ...values };
}

/** Under which names the newest result of a step is found. */
function stepName({ job, profile, partition, within }: StepInput['run'], id: string) {
  return {
    ...{ job, profile, id },
    ...(partition === undefined ? {} : { partition }),
    ...(within === undefined ? {} : { within }),
  };
}
