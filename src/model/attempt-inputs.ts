/** What an attempt works on: queries with bound values, results of earlier steps and outside files as bytes on this machine. Pure types. */

import type { Scalar } from './plan.ts';
import type { Format } from './step-result.ts';

/** A query with its bound values: `text` holds `$p1`, `$p2`, ...; `binds` their values by name, without the dollar. */
export type Sql = { readonly text: string; readonly binds: Readonly<Record<string, Scalar>> };

/** An output of a needed step, as bytes on this machine. */
export type InputArtifact = {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly format: Format;
  readonly rows?: number;
  /** Its columns are read as the types that the file tells they were. */
  readonly restores?: true;
};

export type StepInputs = Readonly<
  Record<
    string,
    {
      readonly outputs: Readonly<Record<string, InputArtifact>>;
      readonly values: Readonly<Record<string, Scalar>>;
    }
  >
>;

/** A file from outside, already copied into the attempt folder; its hash is part of the fingerprint. */
export type StagedFile = {
  readonly original: string;
  /** Its path below the folder where the pattern that found it begins. */
  readonly below?: string;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
};
