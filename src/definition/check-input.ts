/** What is checked: the files of a definition as text, and what else the answer depends on. Pure types. */

import type { DefinitionFile } from './source.ts';
import type { KindSpec } from './kind-spec.ts';
import type { Start } from './check-partition.ts';
import type { Problem } from '../model/errors.ts';
import type { Place } from './located.ts';

export type CheckInput = {
  readonly job: DefinitionFile;
  /** Profiles, the one that extends nothing first. */
  readonly profiles: readonly DefinitionFile[];
  readonly kinds: readonly KindSpec[];
  /** Texts of `--param name=text`. */
  readonly given: Readonly<Record<string, string>>;
  readonly start: Start;
  /** Id of a partition, or `latest`; without: the latest, or the first. */
  readonly partition?: string | undefined;
  /** Absolute path of one written relative to the job. */
  readonly resolvePath: (relative: string) => string;
  /** The limits of builder.yaml; undefined: they are not known, and none is missed. */
  readonly limits?: Readonly<Record<string, number>> | undefined;
  /** False: a profile of the chain could not be found, so what it may hold is not missed. */
  readonly complete?: boolean;
  /** The files of a profile that a step names at a place. Absent: no step can be a profile here. */
  readonly profileNamed?: (name: string, at: Place) => NamedProfile;
  /** Paths of the profiles that this one is a step in, the run's own first. */
  readonly around?: readonly string[];
};

/** A profile and those it extends, base first; or why there is none. */
export type NamedProfile =
  | { readonly files: readonly DefinitionFile[]; readonly complete: boolean }
  | { readonly wrong: Pick<Problem, 'code' | 'message' | 'hint'> };
