/** What crosses the wire between workflow and activities: references of at most 4 kB, never data. Pure types. */

import type { HeardSteps } from './heard.ts';
import type { ItemCounts, ItemsEnd, Outcome, RunStatus, Status } from './outcome.ts';
import type { NestedProfile, PlanStep, Plan, Scalar } from './plan.ts';

/** Most outputs and most values of one step: keeps a result under 4 kB. */
export const MAX_OUTPUTS = 16;
export const MAX_VALUES = 16;

export type Format = 'parquet' | 'csv' | 'json' | 'jsonl' | 'file' | 'tree';

/** Immutable bytes in the store. `sha256` of a tree is that of its canonical manifest. */
export type ArtifactRef = {
  readonly sha256: string;
  readonly bytes: number;
  readonly format: Format;
  readonly rows?: number;
  /** A Parquet file that tells what its columns were before they were put into it. */
  readonly restores?: true;
  /** Relative path in the delivery; only for outputs that are exported. */
  readonly deliver?: string;
  /** `step` or `step.output` that an exported file was made from. */
  readonly from?: string;
};

export type StepResult = {
  readonly fingerprint: string;
  /** True: an earlier run's result was taken over. */
  readonly cached: boolean;
  /** True: found already written by this very run, after a kill or a lost answer; nothing was executed. */
  readonly adopted?: boolean;
  /** Set: the outcome is WARN. Kept with the result, so that a reuse is WARN again. */
  readonly warning?: string;
  /** Why something that it was to give was not made, although nothing is wrong: who reads the step is skipped. */
  readonly withheld?: string;
  /** Milliseconds this attempt took; of a result taken over, the look-up. */
  readonly durationMs: number;
  readonly outputs: Readonly<Record<string, ArtifactRef>>;
  readonly values: Readonly<Record<string, Scalar>>;
  readonly rowsIn?: number;
  readonly rowsOut?: number;
  readonly rowsRejected?: number;
  readonly failedChecks?: readonly string[];
  /** Of a step that was done for each of its items. */
  readonly items?: ItemsEnd;
  /** Proof that a worker that demands orders made it. */
  readonly seals?: ResultSeals;
};

/** `result` is of the result as a whole, `files` of what each output adds to the delivery, by its name. */
export type ResultSeals = {
  readonly result: string;
  readonly files: Readonly<Record<string, string>>;
};

/** Argument of every step activity. */
export type StepInput = {
  readonly run: {
    readonly id: string;
    readonly generation: number;
    readonly job: string;
    readonly profile: string;
    /** Id of the partition; absent where the job is not cut. */
    readonly partition?: string;
    readonly date: string;
    /** As in `RunKey`. */
    readonly aside?: true;
    readonly previousRows: Readonly<Record<string, number>>;
    /** Of a step of a profile that is a step: the name of that one in the run. */
    readonly within?: string;
    /** The shared limit that its attempts take a place of. */
    readonly limit?: { readonly name: string; readonly most: number };
    /** Fingerprint of this step's result in the previous delivery. */
    readonly previousResult?: string;
  };
  readonly step: PlanStep;
  /** The one item of the step that it is for; absent where the step has none. */
  readonly item?: ItemPlace;
  /** From 1; counts tries of any ending, so that no two share a folder. */
  readonly attempt: number;
  /** Steps that may run beside it: its share of the machine's memory follows from this. */
  readonly concurrency: number;
  /** Results of the steps in `step.reads`. */
  readonly inputs: Readonly<Record<string, StepResult>>;
  /** The item that the profile it is a step of is done for; `item` is one of its own. */
  readonly outerItem?: ItemPlace;
  /** Results of steps around its profile that it is given, by their paths. */
  readonly outer?: Readonly<Record<string, StepResult>>;
  /** How the steps in `step.hears` ended. */
  readonly heard?: HeardSteps;
  /** What is left of the time for all attempts, where that is less than `step.timeoutMs`. */
  readonly limitMs?: number;
  /** Authenticates `run`, `step` and `concurrency`. */
  readonly tag?: string;
};

/** Activity that makes the result of a step that is a profile. */
export const GIVE = 'give';

/** Argument of the activity `give`: what a profile that is a step has to give, once its steps are done. */
export type GiveInput = {
  readonly run: StepInput['run'];
  /** The step that the profile is. */
  readonly step: {
    readonly id: string;
    readonly lays?: NonNullable<PlanStep['lays']>;
    readonly gives: NestedProfile['gives'];
    /** Ids of the profile's own steps. */
    readonly steps: readonly string[];
  };
  /** The one item of the step that it is for, and the one that a profile around it is done for. */
  readonly item?: ItemPlace;
  readonly outerItem?: ItemPlace;
  /** Results of its own steps that something is given of. */
  readonly inputs: Readonly<Record<string, StepResult>>;
  /** What the result says beside that. */
  readonly about: Pick<StepResult, 'cached' | 'adopted' | 'warning' | 'withheld' | 'durationMs'>;
  /** Authenticates `run` and `step`. */
  readonly tag?: string;
};

/** What is known of a step's items before any of them is worked on. */
export type Expanded =
  /** An earlier result of the whole step. */
  | { readonly kind: 'found'; readonly result: StepResult }
  | {
      readonly kind: 'items';
      readonly list: ItemList;
      /** Those that are to be worked on, as ranges. */
      readonly open: string;
      /** Those that an earlier run answers, as ranges by their status. */
      readonly reused: Readonly<Partial<Record<Status, string>>>;
      /** How many this run had finished before. */
      readonly finished: ItemCounts;
      /** How both ended. */
      readonly known?: Collection;
    };

/** How one item ended, short: there are many. */
export type ItemEnd = {
  readonly index: number;
  readonly status: Status;
  readonly fingerprint?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly exitCode?: number;
  readonly log?: string;
  readonly failedChecks?: readonly string[];
  /** Proof that the result of this fingerprint was made for this item. */
  readonly seal?: string;
};

/** How some items ended, in the store. */
export type Collection = {
  readonly ref: ArtifactRef;
  readonly count: number;
  readonly seal?: string;
};

/** Argument of the activity that writes down how some items ended. */
export type CollectInput = Pick<StepInput, 'run' | 'step' | 'concurrency' | 'tag'> & {
  readonly list: ItemList;
  readonly ends: readonly ItemEnd[];
};

/** Argument of the activity that makes one result of those of the items. */
export type GatherInput = StepInput & {
  readonly list: ItemList;
  readonly collections: readonly Collection[];
  /** When the step began, Unix milliseconds by the workflow's clock. */
  readonly startedAtMs: number;
};

/** One file of a delivery, before it is copied there. */
export type DeliverFile = {
  readonly path: string;
  readonly artifact: ArtifactRef;
  readonly from: string;
  /** Result that holds the artifact, and the output's name in it: where the columns are looked up. */
  readonly fingerprint: string;
  readonly output: string;
  /** Authenticates the other fields, for this run. */
  readonly seal?: string;
};

/** Argument of the `deliver` activity. */
export type DeliverInput = {
  readonly plan: Pick<Plan, 'job' | 'profile' | 'partition' | 'only' | 'params' | 'run'>;
  readonly planSha256: string;
  readonly startedAtMs: number;
  readonly status: RunStatus;
  readonly files: readonly DeliverFile[];
  readonly outcomes: readonly Outcome[];
  /** Authenticates `plan` and `planSha256`. */
  readonly tag?: string;
};

export type DeliverResult = {
  readonly files: number;
  readonly bytes: number;
  /** Every export was skipped by its condition, so the earlier delivery stays as it was. */
  readonly kept?: true;
  /** Files of the earlier delivery that this one has no more, at most `MAX_GONE`. */
  readonly gone?: readonly string[];
};
export const MAX_GONE = 20;

/** The list of a step's items in the store. */
export type ItemList = {
  readonly ref: ArtifactRef;
  readonly count: number;
  /** Proof that a worker that demands orders made it. */
  readonly seal?: string;
};

/** The item that an attempt is for: its place in the list, from 0. */
export type ItemPlace = { readonly index: number; readonly list: ItemList };
