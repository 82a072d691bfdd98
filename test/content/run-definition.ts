/** Runs a job with a profile through the real scheduler, runner, store and kinds, in one process and without Temporal. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DuckDBInstance } from '@duckdb/node-api';

import { runStep } from '../../src/activities/run-step.ts';
import { KINDS } from '../../src/kinds/index.ts';
import { loadDefinition } from '../../src/run/definitions/load-definition.ts';
import { drive } from '../../src/model/drive.ts';
import { failed } from '../../src/model/endings.ts';
import { failureOf } from '../../src/model/failure.ts';
import { newRunState } from '../../src/model/run-state.ts';
import { MAIN_OUTPUT } from '../../src/model/plan.ts';
import { openLocalStore } from '../../src/store/local.ts';

import type { StepEnvironment } from '../../src/activities/run-step.ts';
import type { Completed } from '../../src/model/drive.ts';
import type { Attempted } from '../../src/model/endings.ts';
import type { Plan, PlanStep } from '../../src/model/plan.ts';
import type { StepResult } from '../../src/model/step-result.ts';
import type { Store } from '../../src/store/store.ts';

const MEGABYTE = 1024 * 1024;

export type Cell = string | number | boolean | null;

export type Finished = Omit<Completed, 'results'> & {
  readonly results: Readonly<Record<string, StepResult>>;
  readonly plan: Plan;
  readonly store: Store;
  /** Rows of a query in which every Parquet output of the run is a table, as in a step's SQL. */
  rows(sql: string): Promise<readonly Readonly<Record<string, Cell>>[]>;
};

/** Runs a job file with a profile. What is stored in `state` by an earlier call is reused. */
export async function runDefinition(about: {
  readonly job: string;
  readonly profile: string;
  readonly params?: readonly string[];
  readonly state: string;
  readonly previousRows?: Readonly<Record<string, number>>;
  /** Threads of each query. */
  readonly threads?: number;
}): Promise<Finished> {
  const { plan: loaded } = await loadDefinition({
    jobPath: about.job,
    profile: about.profile,
    params: about.params ?? [],
    start: { date: '2026-01-31' },
    cwd: '/',
    kinds: KINDS,
  });
  const id = `test-${process.hrtime.bigint()}`;
  const plan: Plan = {
    ...loaded,
    run: {
      id,
      date: '2026-01-31',
      generation: 1,
      planSha256: '',
      deliverQueue: '',
      previousRows: about.previousRows ?? {},
    },
  };
  const store = await openLocalStore(join(about.state, 'store'));
  const environment: StepEnvironment = {
    store,
    attemptsRoot: join(about.state, 'attempts'),
    runFolder: (runId) => join(about.state, 'runs', runId),
    env: { PATH: process.env['PATH'] },
    secret: () => undefined,
    limits: () => ({ memoryBytes: 512 * MEGABYTE, threads: about.threads ?? 2 }),
    bootId: store.bootId,
  };
  const driven = await drive(plan, newRunState(plan), {
    now: () => Date.now(),
    attempt: (step, attempt, { inputs }, answer) =>
      void attemptStep({ plan, step, attempt, inputs, environment }).then(answer),
    pause: (_ms, wake) => wake(),
    abort: () => {},
    onStop: () => {},
    emit: () => {},
  });
  if (!driven.complete) throw new Error('the run was left');
  const results = Object.fromEntries(driven.results);
  return { ...driven, results, plan, store, rows: (sql) => query(results, store, sql) };
}

/** A folder of its own for `work`, removed afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-content-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function attemptStep(about: {
  readonly plan: Plan;
  readonly step: PlanStep;
  readonly attempt: number;
  readonly inputs: Readonly<Record<string, StepResult>>;
  readonly environment: StepEnvironment;
}): Promise<Attempted> {
  const { plan, step, attempt, inputs, environment } = about;
  const definition = KINDS.find((kind) => kind.kind === step.kind)!;
  const { id, generation, date, previousRows } = plan.run;
  const run = { id, generation, job: plan.job, profile: plan.profile, date, previousRows };
  const input = { run, step, attempt, concurrency: plan.concurrency, inputs };
  try {
    const never = new AbortController().signal;
    return { ending: 'ok', result: await runStep(definition, input, environment, never) };
  } catch (error) {
    return failed(failureOf(error));
  }
}

async function query(
  results: Readonly<Record<string, StepResult>>,
  store: Store,
  sql: string,
): Promise<readonly Readonly<Record<string, Cell>>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    for (const [step, { outputs }] of Object.entries(results)) {
      for (const [output, artifact] of Object.entries(outputs)) {
        if (artifact.format !== 'parquet' && artifact.format !== 'csv') continue;
        const table = output === MAIN_OUTPUT ? `"${step}"` : `"${step}"."${output}"`;
        if (output !== MAIN_OUTPUT) await connection.run(`create schema if not exists "${step}"`);
        await connection.run(
          `create view ${table} as from read_${artifact.format}('${await store.materialize(artifact)}')`,
        );
      }
    }
    const reader = await connection.runAndReadAll(sql);
    return reader
      .getRowObjectsJS()
      .map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cellOf(value)])),
      );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function cellOf(value: unknown): Cell {
  return typeof value === 'bigint' ? Number(value) : (value as Cell);
}
