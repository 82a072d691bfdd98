/** The plan: job x profile x params, fully resolved. Plain JSON, durations in milliseconds. Pure types. */

import type { Hook } from './hook.ts';
import type { Json, Scalar } from './json.ts';
import type { Partition } from './partition.ts';
import type { RefNode } from './plan-nodes.ts';

export type { Json, Scalar };

/** `when`: runs only if it holds. */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | Comparison;

/** A bare value must be true; otherwise exactly one comparison. Texts are compared in order only where both are dates or times. */
export type Comparison = {
  readonly value: Scalar | RefNode;
  readonly equals?: Scalar;
  readonly not_equals?: Scalar;
  readonly above?: number | string;
  readonly below?: number | string;
  readonly at_least?: number | string;
  readonly at_most?: number | string;
  readonly in?: readonly Scalar[];
  readonly not_in?: readonly Scalar[];
  /** A regular expression that finds its like somewhere in a text. */
  readonly matches?: string;
};

/** The kind of a step that is a profile itself: no activity, but a pipeline of its own. */
export const PROFILE_KIND = 'profile';

/** A profile that is used as a step, resolved for the place where it stands. */
export type NestedProfile = {
  /** Its name: the label of its steps in metrics. */
  readonly profile: string;
  readonly concurrency: number;
  readonly onFailure: 'continue' | 'stop';
  readonly steps: readonly PlanStep[];
  /** What the step has to give once they are done, by the name it gives it under: outputs and values of its own steps. */
  readonly gives: {
    readonly outputs: Readonly<Record<string, StepOutputName>>;
    readonly values: Readonly<Record<string, StepValueName>>;
  };
};

export type StepOutputName = { readonly step: string; readonly output: string };
export type StepValueName = { readonly step: string; readonly value: string };

/** One element of a step's `foreach`: a value, or a row by its columns. */
export type Item = Scalar | Readonly<Record<string, Scalar>>;

/** A step that is done once for each of many items. */
export type Foreach = {
  /** The items in order, or the table whose rows they are; left out of what the attempts of an item are given. */
  readonly in?: readonly Item[] | { readonly table: string };
  /** The items' column in the result; rows have their own names. */
  readonly as: string;
  /** Most items at once. */
  readonly atMost: number;
  /** Items that may fail: so many, or so many of a hundred. */
  readonly allowFailed: number | { readonly percent: number };
  /** The reads of an item; those of the step have the table of the items beside. */
  readonly reads: readonly string[];
};

export type PlanStep = {
  readonly id: string;
  /** Activity type, such as `transform.sql`; or `profile`. */
  readonly kind: string;
  /** Of the kind `profile`, and of no other. */
  readonly nested?: NestedProfile;
  /** Tables that the profile of this step is given, by the name they have in it; `step` is a path, see `nested.ts`. */
  readonly takes?: Readonly<Record<string, StepOutputName>>;
  readonly description?: string;
  /** Ids this step waits for, explicit and mentioned. */
  readonly needs: readonly string[];
  /** The needs whose outputs or values it reads: they enter its fingerprint. */
  readonly reads: readonly string[];
  /** The needs that it waits for however they end: their outcome is looked at, by its condition or by `runIf`. */
  readonly heeds?: readonly string[];
  /** Absent: once its needs succeeded. `failed`: only if one of its needs did; `always`: however they ended. */
  readonly runIf?: 'failed' | 'always';
  /** The needs whose outcome its options tell. */
  readonly hears?: readonly string[];
  /** The kind's options after its schema filled in defaults; may hold the nodes of `plan-nodes.ts`. */
  readonly options: Json;
  readonly when?: Condition;
  /** Time limit, retries and reuse then are those of each item. */
  readonly foreach?: Foreach;
  readonly timeoutMs: number;
  /** The limit is nobody's wish, and the kind tells of its progress: it counts from the last of that. */
  readonly limitIsDefault?: true;
  /** 0: no heartbeat. */
  readonly heartbeatMs: number;
  readonly retry: {
    readonly attempts: number;
    readonly backoffMs: number;
    readonly factor: number;
    readonly maxBackoffMs: number;
    /** Over all attempts and the waits between them, from the first start; absent: no limit. */
    readonly maxDurationMs?: number;
  };
  readonly core: boolean;
  readonly p95Ms?: number;
  readonly allowFailure: boolean;
  /** False: never look up an earlier run's result. */
  readonly reuse: boolean;
  /** A limit that all runs of a project share, of which an attempt takes a place. */
  readonly limit?: string;
  /** Of a run of some steps alone: what of its outputs is put into the run's folder. Absent: the exports, as a delivery. */
  readonly lays?: 'exports' | 'all';
};

export type Plan = {
  readonly format: 1;
  readonly job: string;
  readonly profile: string;
  readonly params: Readonly<Record<string, Scalar>>;
  /** The slice of the job that this plan makes; absent where the job is not cut. */
  readonly partition?: Partition;
  readonly concurrency: number;
  readonly onFailure: 'continue' | 'stop';
  readonly budgets: { readonly wallMs?: number };
  readonly expectedEveryMs?: number;
  readonly steps: readonly PlanStep[];
  /** Set: these steps alone, chosen of a profile; the run is none of its pipeline's. */
  readonly only?: ChosenSteps;
  /** What belongs to this one run; left out of `plan_sha256`. */
  readonly run: RunSettings;
};

export type RunSettings = {
  readonly id: string;
  /** `run.date`, YYYY-MM-DD in the job's time zone, fixed at the first start and kept by resume. */
  readonly date: string;
  /** Counts the starts of this run's workflow, from 1; resume adds one. */
  readonly generation: number;
  /** Absolute path of the folder that is delivered to; absent for a run that delivers nothing. */
  readonly out?: string;
  /** Absolute path of `--out` where partitions are folders in it: `out` is one of them. */
  readonly partitionsIn?: string;
  /** Fencing number of the lock of `--out` under which this run delivers: a later one makes it void. */
  readonly outToken?: number;
  /** sha256 of the plan's canonical JSON without `run`, with paths as its files write them: the same wherever they lie. */
  readonly planSha256: string;
  /** In the plan of a profile that is a step: that step's name in the run, see `nested.ts`. */
  readonly within?: string;
  /** In such a plan: attempts that may run at once in the whole run, and the profile of the run. */
  readonly places?: number;
  readonly profile?: string;
  /** Task queue that serves `deliver`. */
  readonly deliverQueue: string;
  /**
   * Its steps are executed by the process that started it, which ends with them: nobody has to be heard of, and a
   * process that was frozen goes on.
   */
  readonly attended?: true;
  /** Nobody waits for its end: a worker that delivers records it, and has these told. */
  readonly detached?: { readonly hooks: readonly Hook[] };
  /** Rows of each `step.output` in the previous delivery, for checks that compare with it. */
  readonly previousRows: Readonly<Record<string, number>>;
  /** Fingerprint of each step's result in the previous delivery, if one of this job and profile lies at `out`. */
  readonly previousResults?: Readonly<Record<string, string>>;
  /** How many attempts at once each limit allows that a step takes a place of. */
  readonly limits?: Readonly<Record<string, number>>;
  /** Proof that a command of this state folder asks for this; absent where no worker demands it. */
  readonly tags?: OrderTags;
};

/** Tags of the parts of an order, each made with the key of the state folder. */
export type OrderTags = {
  readonly run: string;
  readonly deliver: string;
  /** By the name of a step in the run. */
  readonly steps: Readonly<Record<string, string>>;
  /** For what profiles that are steps give, by the name of the step in the run; absent where there are none. */
  readonly gives?: Readonly<Record<string, string>>;
  /** For the attempts of its items, by the name of the step in the run; absent where no step has any. */
  readonly items?: Readonly<Record<string, string>>;
};

/** Name of the output that SQL sees under the bare step id. */
export const MAIN_OUTPUT = 'table';

/** A plan without what belongs to one run. */
export type PlanBody = Omit<Plan, 'run'>;

/** What was asked for. */
export type ChosenSteps = {
  readonly step: string;
  /** Everything that needs the step as well. */
  readonly downstream?: true;
  /** The step is executed though a result of it is known. */
  readonly force?: true;
};
