/** The contract between a kind and the runner that executes it. A kind never imports metrics, the store or Temporal. */

import type { z } from 'zod';
import type { ItemTables } from '../duckdb/items/item-tables.ts';
import type { SessionContext } from '../duckdb/session-port.ts';
import type { SharedEngine } from '../duckdb/shared-engine.ts';
import type { StagedFile, StepInputs } from '../model/attempt-inputs.ts';
import type { Format } from '../model/step-result.ts';
import type { Scalar } from '../model/plan.ts';
import type { Column } from '../model/column.ts';
import type { KnownParts, KnownTable, KnownTables, OptionTrouble } from '../model/known-table.ts';

export type { ItemTables, KnownTable, KnownTables, OptionTrouble, SessionContext };

/** Processes of a worker that died are ended by the next attempt that starts any. */
export type Fence = {
  /** Ends what dead workers left running, and answers what it was. */
  endLeftovers(): Promise<
    readonly { readonly run: string; readonly step: string; readonly pid: number }[]
  >;
  /** Notes a process group that was just started. Answers how to forget it once it is empty. */
  record(group: number): () => void;
};

export type StepContext = {
  readonly runId: string;
  readonly step: string;
  readonly attempt: number;
  /** W3C header for what this attempt starts; absent where no trace is made. */
  readonly traceparent?: string;
  /** Empty folder of this attempt alone; everything written here is dropped afterwards unless returned as output. */
  readonly folder: string;
  /** Results of the steps it reads, by step id. */
  readonly inputs: StepInputs;
  /** Ids of the steps it needs, read or not, for messages. */
  readonly needs?: readonly string[];
  /** The files that `sources` meant, sorted by path. */
  readonly sources: readonly StagedFile[];
  /** Aborts on cancel, timeout, budget and shutdown. */
  readonly signal: AbortSignal;
  /** Share of the machine this step may use. */
  readonly limits: { readonly memoryBytes: number; readonly threads: number };
  /** The worker's shared DuckDB; `withSession` decides who may use it. */
  readonly engine?: SharedEngine;
  /** Keeps processes this attempt starts from outliving its worker. */
  readonly fence: Fence;
  /** Rows of `step` or `step.output` in the previous delivery. */
  readonly previousRows: Readonly<Record<string, number>>;
  /** Columns of an output of this step in the previous delivery; where there is none, in its newest result in this job and profile. */
  previousColumns?(output: string): Promise<readonly Column[] | undefined>;
  /** Environment of the worker: for allow-lists only. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Tells that work goes on: a time limit that nobody asked for counts from here. */
  progress?(): void;
  /** Appends to the step's log. Secrets are blanked out on the way. */
  log(line: string): void;
  /** Blanks out every secret this step uses. */
  redact(text: string): string;
  /** The same for text that comes in pieces, any of which may end in the middle of a secret. */
  redactStream?(): { push(piece: string): string; end(): string };
  /**
   * Copies a file into the run's record folder, where it outlives a failed attempt, and answers the
   * path to name in an error. Absent where no record is kept.
   */
  keepFile(path: string, name: string): Promise<string>;
};

export type StepOutput = {
  /** Absolute path inside `folder`; or that of an input of the same format, which is passed on as it is. */
  readonly path: string;
  readonly format: Format;
  readonly rows?: number;
  readonly columns?: readonly Column[];
  /** As `writeQuery` and `writeTable` answer it. */
  readonly restores?: true;
  /** Relative path in the delivery. */
  readonly deliver?: string;
  /** `step` or `step.output` it was made from. */
  readonly from?: string;
};

export type StepReturn = {
  readonly outputs?: Readonly<Record<string, StepOutput>>;
  readonly values?: Readonly<Record<string, Scalar>>;
  readonly rows?: { readonly in?: number; readonly out?: number; readonly rejected?: number };
  /** Makes the outcome WARN. */
  readonly warning?: string;
  /** Said behind the warning this time, and not stored: what is true of this run alone. */
  readonly saidNow?: string;
  /** Names of failed checks. */
  readonly failedChecks?: readonly string[];
};

/** Where options carry meaning beyond their type. Patterns are dotted, `*` is any key or index: `checks.*.sql`. */
export type OptionRoles = {
  /** Queries: references in them become bound values; ids of needed steps in them are reads. */
  readonly sql?: readonly string[];
  /** Names of a table: `step` or `step.output`. It becomes a need and a read. */
  readonly tables?: readonly string[];
  /** Strings in which `${{ secrets.X }}` is allowed. */
  readonly secrets?: readonly string[];
  /** Relative paths (or globs) that the resolver makes absolute against the job's folder. */
  readonly paths?: readonly string[];
  /** Options that are text whatever they look like: 1.10, 007 and yes keep their letters. */
  readonly texts?: readonly string[];
  /** Which of `sql` are no queries but conditions, each with the option that names the table they are about. */
  readonly conditions?: Readonly<Record<string, string>>;
  /** Options that are SQL types. */
  readonly types?: readonly string[];
};

/**
 * What a kind is. `Options` is what `run` receives: the schema's output with every node of the plan
 * (references, secrets, queries) already replaced by its value; SQL options arrive as `Sql`.
 */
export type StepDefinition<Options> = {
  readonly kind: string;
  /** Raise it when the same options would give other bytes. Engine versions belong in it. */
  readonly version: string;
  /** One sentence for docs and editors. */
  readonly summary: string;
  /** Checks the options as written in a profile. Its output, defaults filled in, goes into the plan. */
  readonly schema: z.ZodType;
  readonly roles?: OptionRoles;
  /** Names of the outputs these options give, for `steps.x.outputs.y`; undefined: not known before it runs. */
  outputs?(options: Options): readonly string[] | undefined;
  /** Names of the values these options give, for `steps.x.values.y`; undefined: not known before it runs. */
  values?(options: Options): readonly string[] | undefined;
  /** Paths in the delivery these options give, to find two steps that export one name. */
  exports?(options: Options): readonly string[];
  /**
   * Columns of outputs, by name, as far as they follow from the options and from the queries and tables they name, so that
   * `validate` finds unknown columns in what reads them. Queries are nodes of the plan here. Pure.
   */
  columns?(options: Options, known: KnownParts): Readonly<Record<string, KnownTable | undefined>>;
  /** What is wrong with the options on tables whose columns are known before anything runs. Pure. */
  checkOptions?(options: Options, tables: KnownTables): readonly OptionTrouble[];
  /** Outside files this step reads: absolute paths and globs. The runner finds, hashes and copies them, and gives them as `ctx.sources`. */
  sources?(options: Options): readonly string[];
  /** Where in its options the columns of an output are declared, for a kind that infers those that are not. */
  columnsAt?(output: string): readonly string[];
  /** True: it passes the paths of all its inputs on, so a folder among them is there as a folder though no option names it. */
  readonly pathsOfInputs?: true;
  /** True: it does nothing but read its sources, so that it may be run just to see what comes out. */
  readonly onlyReads?: true;
  /** True: the result has something of where a source lies below its pattern's first folder, as `key=value` folders. */
  sourcePlaces?(options: Options): boolean;
  /** False: the result is never taken from an earlier run. Default true. */
  reusable?(options: Options): boolean;
  run(options: Options, ctx: StepContext): Promise<StepReturn>;
  /**
   * Conditions that depend on more than the fingerprint (a comparison with the previous delivery, the clock). Called with
   * the values of the result each time, whether it was made now or taken over. Throws like `run`, or answers what to add
   * this time; nothing of it is stored.
   */
  conditions?(
    options: Options,
    result: {
      readonly values: Readonly<Record<string, Scalar>>;
      /** Of the outputs that are tables, by name. */
      readonly columns?: Readonly<Record<string, readonly Column[]>>;
    },
    ctx: Pick<StepContext, 'previousRows' | 'previousColumns' | 'log'>,
  ): Promise<Pick<StepReturn, 'warning' | 'failedChecks'> | undefined>;
};

/** A kind with its options type forgotten, as lists hold it. */
export type AnyStepDefinition = StepDefinition<never> & { readonly erased: true };

/** Declares a kind. One file in `steps/`, one line in `steps/index.ts`. */
export function defineStep<Options>(definition: StepDefinition<Options>): AnyStepDefinition {
  return Object.freeze({ ...definition, erased: true });
}
