/** What the checks find out of a profile's steps, those of a profile that is a step among them. Pure types. */

import type { Located, Entry, Place } from './located.ts';
import type { KindSpec } from './kind-spec.ts';
import type { Json } from '../model/json.ts';
import type { CheckedForeach } from './check-foreach.ts';
import type { Condition, NestedProfile, StepOutputName } from '../model/plan.ts';
import type { Handling } from './handlers.ts';
import type { Query } from './query.ts';
import type { PathUse } from './options.ts';
import type { Problem } from '../model/errors.ts';
import type { StepUse } from './replace.ts';
import type { CheckInput } from './check-input.ts';
import type { CheckedJob } from './check-job.ts';
import type { CheckedProfiles } from './check-profiles.ts';

export type CheckedStep = {
  readonly id: string;
  readonly at: Place;
  readonly located: Located;
  readonly spec: KindSpec | undefined;
  readonly options: Json | undefined;
  /** Absent: it is done once. */
  readonly foreach?: CheckedForeach & { readonly reads: ReadonlySet<string> };
  readonly when: Condition | undefined;
  readonly handling: Handling;
  /** Ids it needs, written or mentioned, with the place of the first mention. */
  readonly needs: ReadonlyMap<string, Place>;
  readonly reads: ReadonlySet<string>;
  /** Outputs it mentions, to be checked against the steps that make them. */
  readonly outputs: readonly {
    readonly at: Place;
    readonly step: string;
    readonly output: string;
  }[];
  /** Values it mentions, likewise. */
  readonly values: readonly { readonly at: Place; readonly step: string; readonly value: string }[];
  readonly queries: readonly Query[];
  /** Of a profile that is a step: what it is made of. Absent as well where that cannot be told. */
  readonly nested?: CheckedNested;
};

export type CheckedSteps = {
  readonly steps: readonly CheckedStep[];
  readonly paths: readonly PathUse[];
  readonly problems: readonly Problem[];
};

export type NestedOf = (step: MaybeNested, around: Around) => CheckedNested | undefined;

/** A step that `uses: profile`, as far as its own file tells. */
export type MaybeNested = {
  readonly id: string;
  readonly entry: Entry;
  /** Undefined: something is wrong with them. */
  readonly options: Json | undefined;
  readonly uses: readonly StepUse[];
};

export type Around = {
  readonly nestedOf: NestedOf;
  readonly input: CheckInput;
  readonly job: CheckedJob;
  readonly profiles: CheckedProfiles;
  readonly ids: ReadonlySet<string>;
  readonly problems: Problem[];
  readonly paths: PathUse[];
};

export type CheckedNested = {
  readonly profiles: CheckedProfiles;
  readonly steps: CheckedSteps;
  readonly gives: NestedProfile['gives'];
  /** The tables it is given, by its own names; `step` is an id beside the step. */
  readonly takes: ReadonlyMap<string, StepOutputName>;
  /** Of its steps, and of all that stand in them. */
  readonly path: string;
};
