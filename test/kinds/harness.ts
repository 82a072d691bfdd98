/** Runs one kind as the runner would, in a temporary folder: sources staged, tables as inputs, a log to look at. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { DuckDBInstance } from '@duckdb/node-api';

import { expandGlobs } from '../../src/activities/expand-globs.ts';
import { makeFence } from '../../src/activities/fence.ts';
import { stageSources } from '../../src/activities/stage-sources.ts';

import type {
  AnyStepDefinition,
  StepContext,
  StepDefinition,
  StepReturn,
} from '../../src/kinds/contract.ts';
import type { InputArtifact, Sql } from '../../src/model/attempt-inputs.ts';
import type { Scalar } from '../../src/model/plan.ts';

export type Attempt = {
  /** Absolute path of a file of this attempt's project. */
  path(name: string): string;
  /** Lines of the step's log so far. */
  readonly log: readonly string[];
  /** Folders of its inputs and attempts, as a worker's shared engine would be given. */
  readonly roots: readonly string[];
  /** Checks the options as a profile would, stages the sources and runs the kind. */
  run(
    definition: AnyStepDefinition,
    options: unknown,
    about?: Partial<StepContext>,
  ): Promise<StepReturn>;
  /** Rows of a query over an output, named `t`. */
  rows(
    output: { readonly path: string } | undefined,
    sql?: string,
  ): Promise<readonly Record<string, unknown>[]>;
};

/** Hands an attempt to `work` and removes everything afterwards. `tables` are queries, each an input step of that name. */
export async function withAttempt(
  given: {
    readonly files?: Readonly<Record<string, string | Uint8Array>>;
    readonly tables?: Readonly<Record<string, string>>;
  },
  work: (attempt: Attempt) => Promise<void>,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'builder-kind-'));
  const path = (name: string): string => join(root, 'project', name);
  const log: string[] = [];
  try {
    for (const [name, content] of Object.entries(given.files ?? {})) {
      await mkdir(dirname(path(name)), { recursive: true });
      await writeFile(path(name), content);
    }
    const inputs: Record<
      string,
      { outputs: Record<string, InputArtifact>; values: Record<string, never> }
    > = {};
    for (const [step, sql] of Object.entries(given.tables ?? {})) {
      const file = join(root, 'artifacts', `${step}.parquet`);
      await mkdir(dirname(file), { recursive: true });
      const rows = await query(`copy (${sql}) to '${file}' (format parquet)`).then((r) =>
        Number(r[0]?.['Count']),
      );
      inputs[step] = {
        outputs: { table: { path: file, sha256: step, bytes: 0, format: 'parquet', rows } },
        values: {},
      };
    }
    let attempt = 0;
    await work({
      path,
      log,
      roots: [join(root, 'artifacts'), join(root, 'attempts')],
      run: async (definition, options, about = {}) => {
        attempt += 1;
        const kind = definition as unknown as StepDefinition<unknown>;
        const parsed = asRun(kind.schema.parse(options), kind.roles?.sql ?? []);
        const folder = join(root, 'attempts', 'run', `step.${attempt}`);
        await mkdir(folder, { recursive: true });
        const signal = about.signal ?? new AbortController().signal;
        const sources = await stageSources(
          await expandGlobs(kind.sources?.(parsed) ?? []),
          folder,
          signal,
        );
        const context: StepContext = {
          runId: 'run',
          step: 'step',
          attempt,
          folder,
          inputs,
          sources,
          signal,
          fence: makeFence({
            folder: () => folder,
            attemptsRoot: dirname(dirname(folder)),
            run: 'run',
            step: 'step',
          }),
          limits: { memoryBytes: 512 * 1024 * 1024, threads: 2 },
          previousRows: {},
          env: { PATH: process.env['PATH'] },
          log: (line) => log.push(line),
          redact: (text) => text,
          keepFile: async (file) => file,
          ...about,
        };
        const returned = await kind.run(parsed, context);
        const added = await kind.conditions?.(parsed, { values: returned.values ?? {} }, context);
        const warnings = [returned.warning, added?.warning].flatMap((each) => each ?? []);
        return {
          ...returned,
          ...(warnings.length === 0 ? {} : { warning: warnings.join('; ') }),
          ...(added?.failedChecks === undefined ? {} : { failedChecks: added.failedChecks }),
        };
      },
      rows: async (output, sql = 'select * from t') =>
        query(`with t as (from read_parquet('${output?.path}')) ${sql}`),
    });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Queries as the runner hands them over: text and bound values. */
function asRun(options: unknown, roles: readonly string[]): unknown {
  const visit = (value: unknown, path: readonly string[]): unknown => {
    const isSql = roles.some(
      (role) =>
        role.split('.').length === path.length &&
        role.split('.').every((key, i) => key === '*' || key === path[i]),
    );
    if (isSql && typeof value === 'string') return { text: value, binds: {} };
    if (isSql) return bound(value as SqlNode);
    if (Array.isArray(value)) return value.map((item, i) => visit(item, [...path, String(i)]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, visit(item, [...path, key])]),
    );
  };
  return visit(options, []);
}

type SqlNode = { readonly $sql: readonly (string | { readonly value: Scalar })[] };

/** A query with values, as the plan writes it: each value becomes a bound one. */
function bound({ $sql }: SqlNode): Sql {
  const binds: Record<string, Scalar> = {};
  const text = $sql.map((part, i) => {
    if (typeof part === 'string') return part;
    binds[`p${i}`] = part.value;
    return `$p${i}`;
  });
  return { text: text.join(''), binds };
}

async function query(sql: string): Promise<readonly Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
