/** What a step's result depends on, and its hash. No path, run id, time or attempt is ever part of it. */

import { createHash } from 'node:crypto';
import { basename } from 'node:path';

import { canonicalJson } from '../model/canonical.ts';

import type { Json } from '../model/plan.ts';
import type { InputArtifact } from '../model/attempt-inputs.ts';

/** Everything that entered a fingerprint, as plain JSON: its canonical text is what was hashed. */
export type Ingredients = {
  /** Raised when ingredients of this shape mean something else. */
  readonly format: 1;
  readonly kind: string;
  readonly version: string;
  readonly options: Json;
  /** Files from outside, in the kind's own order. */
  readonly sources: readonly { readonly name: string; readonly sha256: string }[];
  /** Outputs of every step it reads, by step and output. */
  readonly inputs: Readonly<
    Record<string, Readonly<Record<string, { readonly sha256: string; readonly format: string }>>>
  >;
  /** Present: the result counts only where this is the same, such as within one run. */
  readonly salt?: string;
};

/** The parts a fingerprint is made from; anything more in them is left out. */
export type FingerprintParts = {
  readonly kind: string;
  /** The kind's version, engine versions included. */
  readonly version: string;
  /** The options as `fingerprintForm` gives them. */
  readonly options: Json;
  /** Of a place only the last part of `original` counts, or `name`: the same file may lie elsewhere tomorrow. */
  readonly sources: readonly {
    readonly original: string;
    readonly name?: string;
    readonly sha256: string;
  }[];
  readonly inputs: Readonly<
    Record<
      string,
      { readonly outputs: Readonly<Record<string, Pick<InputArtifact, 'sha256' | 'format'>>> }
    >
  >;
  readonly salt?: string;
};

/** The fingerprint (64 hex digits) and what it was made of. Equal fingerprint = same result. */
export function fingerprintOf(parts: FingerprintParts): {
  readonly fingerprint: string;
  readonly ingredients: Ingredients;
} {
  const ingredients: Ingredients = {
    format: 1,
    kind: parts.kind,
    version: parts.version,
    options: parts.options,
    sources: parts.sources.map(({ original, name, sha256 }) => ({
      name: name ?? basename(original),
      sha256,
    })),
    inputs: mapValues(parts.inputs, ({ outputs }) =>
      mapValues(outputs, ({ sha256, format }) => ({ sha256, format })),
    ),
    ...(parts.salt === undefined ? {} : { salt: parts.salt }),
  };
  const fingerprint = createHash('sha256').update(canonicalJson(ingredients)).digest('hex');
  return { fingerprint, ingredients };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
