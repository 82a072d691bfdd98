/** The columns that a job's tables from outside have now, with the types inferred for them, to be written down. */

import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

import { identify } from '../../activities/identity.ts';
import { UserError } from '../../model/errors.ts';
import { namedSteps, outerPaths } from '../../model/nested.ts';
import { StepError } from '../../model/step-error.ts';

import type { AnyStepDefinition, StepContext, StepDefinition } from '../../kinds/contract.ts';
import type { Column } from '../../model/column.ts';
import type { Plan, PlanStep } from '../../model/plan.ts';
import type { Store } from '../../store/store.ts';

export type InferredTable = {
  readonly step: string;
  readonly output: string;
  /** Where under `with` they are declared. */
  readonly at: readonly string[];
  readonly columns: readonly Column[];
  /** `now`: of the files as they are; `last`: of the newest result, which other bytes may have made. */
  readonly of: 'now' | 'last';
};

/** A step of which nothing can be said before it has run. */
export type UnknownTable = { readonly step: string; readonly why: string };

export type InferredColumns = {
  readonly tables: readonly InferredTable[];
  readonly unknown: readonly UnknownTable[];
};

const MEMORY_BYTES = 1024 ** 3;
const LIMIT_MS = 3_600_000;

/** Looks at each step whose kind infers columns: at its stored result, else at its files. Stores nothing. @throws StepError, UserError BAD_USAGE */
export async function inferredColumns(
  plan: Omit<Plan, 'run'>,
  {
    kinds,
    store,
    step: wanted,
  }: {
    readonly kinds: readonly AnyStepDefinition[];
    readonly store: Store;
    /** Only this step. */
    readonly step?: string | undefined;
  },
): Promise<InferredColumns> {
  const all = namedSteps(plan);
  if (wanted !== undefined && !all.some(({ name }) => name === wanted)) {
    const known = all.map(({ name }) => name).join(', ');
    throw new UserError('BAD_USAGE', `there is no step '${wanted}'; steps: ${known}`);
  }
  const signal = AbortSignal.timeout(LIMIT_MS);
  const tables: InferredTable[] = [];
  const unknown: UnknownTable[] = [];
  for (const { name, profile, step } of all) {
    const kind = kinds.find((each) => each.kind === step.kind) as
      StepDefinition<unknown> | undefined;
    if (kind?.columnsAt === undefined || (wanted !== undefined && name !== wanted)) continue;
    const found =
      (await ofNow(kind, step, store, signal)) ??
      (await store.latestOf(plan.job, profile, step.id))?.columns;
    const outputs = Object.entries(found ?? {}).filter(([output]) => !output.includes('.'));
    for (const [output, columns] of outputs) {
      const of = kind.onlyReads === true ? 'now' : 'last';
      tables.push({ step: name, output, at: kind.columnsAt(output), columns, of });
    }
    if (outputs.length === 0) {
      unknown.push({ step: name, why: 'it has no result yet; run it once' });
    }
  }
  return { tables, unknown };
}

type Columns = Readonly<Record<string, readonly Column[]>>;

/** Of the stored result of these very bytes, or of a look at them; undefined where only a run can tell. */
async function ofNow(
  kind: StepDefinition<unknown>,
  step: PlanStep,
  store: Store,
  signal: AbortSignal,
): Promise<Columns | undefined> {
  if (kind.onlyReads !== true || step.reads.length > 0) return undefined;
  // What a step further out returns is known when it runs.
  if (outerPaths(step, 0).length > 0) return undefined;
  const erased = kind as unknown as AnyStepDefinition;
  const identity = await identify(erased, step, {}, store, signal);
  const stored = await store.findResult(identity.fingerprint);
  if (stored !== undefined) return stored.columns;
  const folder = await mkdtemp(join(tmpdir(), 'builder-columns-'));
  try {
    const unused = (): never => {
      throw new StepError('KIND_BROKEN', `${kind.kind} does more than read its sources`);
    };
    const context: StepContext = {
      runId: 'columns',
      step: step.id,
      attempt: 1,
      folder,
      inputs: {},
      sources: identity.files.map(({ path, below }) => ({
        original: path,
        below,
        path,
        sha256: '',
        bytes: 0,
      })),
      signal,
      limits: { memoryBytes: MEMORY_BYTES, threads: availableParallelism() },
      fence: { endLeftovers: unused, record: unused },
      previousRows: {},
      env: {},
      log: () => undefined,
      redact: (text) => text,
      keepFile: unused,
    };
    const { outputs = {} } = await kind.run(identity.options, context);
    return Object.fromEntries(
      Object.entries(outputs).map(([output, { columns = [] }]) => [output, columns]),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
