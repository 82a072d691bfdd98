/** Puts values in the place of the nodes a plan leaves open (`$ref`, `$concat`, `$secret`, `$sql`). No I/O. */

import { basename } from 'node:path';

import { StepError } from './step.ts';

import type { Json, Scalar } from '../model/plan.ts';
import type { InputArtifact, Sql, StepInputs } from './step.ts';

/** What the open nodes are answered from. `secrets` throws where a secret has no value. */
export type Answers = {
  readonly inputs: StepInputs;
  readonly secrets: (name: string) => string;
};

/**
 * The options as a kind's `run` receives them: `steps.x.values.y` is the scalar, `steps.x.outputs.y` an
 * absolute path, `$concat` one string, `$sql` an `Sql`. @throws StepError UNKNOWN_REFERENCE
 */
export function materialize(options: Json, { inputs, secrets }: Answers): unknown {
  const valueOf = (part: unknown): Scalar => {
    if (isNode(part, '$secret')) return secrets(part.$secret);
    if (isNode(part, '$ref')) {
      const found = lookUp(part.$ref, inputs);
      return found.type === 'output' ? found.artifact.path : found.value;
    }
    return part as Scalar;
  };
  return rewrite(options, {
    leaf: valueOf,
    concat: (parts) => parts.map((part) => String(valueOf(part))).join(''),
    sql: (parts) =>
      sqlFrom(parts.map((part) => (typeof part === 'string' ? part : { value: bound(part) }))),
  });

  function bound(part: unknown): Scalar {
    return isBound(part) ? part.value : valueOf(part);
  }
}

/**
 * The options as the fingerprint knows them: outputs by their content, secrets by their names only.
 * `paths` are the places (`OptionRoles.paths`) whose strings name files outside: only the last part of
 * such a path counts, since the files' contents are ingredients of their own.
 * @throws StepError UNKNOWN_REFERENCE
 */
export function fingerprintForm(
  options: Json,
  inputs: StepInputs,
  paths: readonly string[] = [],
): Json {
  const formOf = (part: unknown): Json => {
    if (!isNode(part, '$ref')) return part as Json;
    const found = lookUp(part.$ref, inputs);
    if (found.type === 'value') return found.value;
    return { $output: found.artifact.sha256, format: found.artifact.format };
  };
  return rewrite(options, {
    leaf: (part, place) =>
      typeof part === 'string' && paths.some((pattern) => matches(pattern, place))
        ? basename(part)
        : formOf(part),
    concat: (parts) => ({
      $concat: joined(
        parts.map((part) => {
          const form = formOf(part);
          return typeof form === 'object' && form !== null ? form : String(form);
        }),
      ),
    }),
    sql: (parts) => ({
      $sql: parts.map((part) => {
        if (typeof part === 'string' || isBound(part)) return part as Json;
        return { value: formOf(part) };
      }),
    }),
  }) as Json;
}

type Rewriter = {
  leaf(part: unknown, place: readonly string[]): unknown;
  concat(parts: readonly unknown[]): unknown;
  sql(parts: readonly unknown[]): unknown;
};

function rewrite(value: unknown, rewriter: Rewriter, place: readonly string[] = []): unknown {
  if (isNode(value, '$ref') || isNode(value, '$secret')) return rewriter.leaf(value, place);
  if (isNode(value, '$concat')) return rewriter.concat(value.$concat);
  if (isNode(value, '$sql')) return rewriter.sql(value.$sql);
  if (Array.isArray(value)) {
    return value.map((item, i) => rewrite(item, rewriter, [...place, String(i)]));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, rewrite(item, rewriter, [...place, key])]),
    );
  }
  return rewriter.leaf(value, place);
}

/** One query from texts and values. Names of parameters never meet a name the text already has. */
function sqlFrom(parts: readonly (string | { readonly value: Scalar })[]): Sql {
  const written = parts.filter((part) => typeof part === 'string').join(' ');
  const binds: Record<string, Scalar> = {};
  let text = '';
  let n = 0;
  for (const part of parts) {
    const piece = typeof part === 'string' ? part : `$${bind(part.value)}`;
    // Two names side by side would be read as one.
    text += /[\w$]$/.test(text) && /^[\w$]/.test(piece) ? ` ${piece}` : piece;
  }
  return { text, binds };

  function bind(value: Scalar): string {
    do n += 1;
    while (new RegExp(`\\$p${n}(?!\\d)`).test(written));
    binds[`p${n}`] = value;
    return `p${n}`;
  }
}

type Found =
  | { readonly type: 'value'; readonly value: Scalar }
  | { readonly type: 'output'; readonly artifact: InputArtifact };

function lookUp(reference: string, inputs: StepInputs): Found {
  const [, step, part, name] = /^steps\.([^.]+)\.(outputs|values)\.(.+)$/.exec(reference) ?? [];
  if (step === undefined || name === undefined || !Object.hasOwn(inputs, step)) {
    throw unknownReference(reference, `steps it can read: ${list(Object.keys(inputs))}`);
  }
  const { outputs, values } = inputs[step]!;
  const names = Object.keys(part === 'values' ? values : outputs);
  if (!names.includes(name)) {
    throw unknownReference(reference, `step '${step}' returned these ${part}: ${list(names)}`);
  }
  return part === 'values'
    ? { type: 'value', value: values[name]! }
    : { type: 'output', artifact: outputs[name]! };
}

function unknownReference(reference: string, allowed: string): StepError {
  return new StepError(
    'UNKNOWN_REFERENCE',
    `\${{ ${reference} }} names nothing that exists; ${allowed}`,
  );
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

/** Neighbouring texts as one, so that where a value came from does not matter, only what it says. */
function joined(parts: readonly Json[]): readonly Json[] {
  const out: Json[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (typeof part === 'string' && typeof last === 'string') out[out.length - 1] = last + part;
    else out.push(part);
  }
  return out;
}

/** True where every key of `place` is that of the dotted pattern, `*` standing for any. */
function matches(pattern: string, place: readonly string[]): boolean {
  const keys = pattern.split('.');
  return keys.length === place.length && keys.every((key, i) => key === '*' || key === place[i]);
}

type NodeShapes = {
  readonly $ref: string;
  readonly $secret: string;
  readonly $concat: readonly unknown[];
  readonly $sql: readonly unknown[];
};

function isNode<K extends keyof NodeShapes>(value: unknown, key: K): value is Pick<NodeShapes, K> {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 1) return false;
  const held = (value as Record<string, unknown>)[key];
  return key === '$ref' || key === '$secret' ? typeof held === 'string' : Array.isArray(held);
}

function isBound(part: unknown): part is { readonly value: Scalar } {
  return typeof part === 'object' && part !== null && Object.hasOwn(part, 'value');
}
