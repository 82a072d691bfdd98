/** Puts values in the place of the nodes a plan leaves open (`$ref`, `$concat`, `$secret`, `$sql`). No I/O. */

import type { ConcatNode, Json, RefNode, Scalar, SecretNode, SqlNode } from '../model/plan.ts';
import type { InputArtifact, Sql, StepInputs } from '../model/attempt-inputs.ts';

import { StepError } from '../model/step-error.ts';

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
  const valueOf = (leaf: Leaf): Scalar => {
    if (!isOpen(leaf)) return leaf;
    if ('$secret' in leaf) return secrets(leaf.$secret);
    const found = lookUp(leaf.$ref, inputs);
    return found.type === 'output' ? found.artifact.path : found.value;
  };
  return rewrite<unknown>(options, {
    leaf: valueOf,
    concat: (parts) => parts.map((part) => String(valueOf(part))).join(''),
    sql: (parts) =>
      sqlFrom(
        parts.map((part) => {
          if (typeof part === 'string' || 'value' in part) return part;
          return { value: valueOf(part) };
        }),
      ),
  });
}

/**
 * The options as the fingerprint knows them: outputs by their content, secrets by their names only.
 * @throws StepError UNKNOWN_REFERENCE
 */
export function fingerprintForm(options: Json, inputs: StepInputs): Json {
  const formOf = (leaf: Leaf): Json => {
    if (!isOpen(leaf) || '$secret' in leaf) return leaf;
    const found = lookUp(leaf.$ref, inputs);
    if (found.type === 'value') return found.value;
    return { $output: found.artifact.sha256, format: found.artifact.format };
  };
  return rewrite<Json>(options, {
    leaf: formOf,
    concat: (parts) => ({ $concat: joined(parts.map((part) => textOrNode(formOf(part)))) }),
    sql: (parts) => ({
      $sql: parts.map((part) => {
        if (typeof part === 'string' || 'value' in part) return part;
        return { value: formOf(part) };
      }),
    }),
  });
}

/** Options with `T` in the place of every leaf and node. */
type Rewritten<T> = T | readonly Rewritten<T>[] | { readonly [key: string]: Rewritten<T> };

type Leaf = Scalar | RefNode | SecretNode;

type Rewriter<T> = {
  leaf(leaf: Leaf): T;
  concat(parts: ConcatNode['$concat']): T;
  sql(parts: SqlNode['$sql']): T;
};

function rewrite<T>(value: Json, rewriter: Rewriter<T>): Rewritten<T> {
  if (typeof value !== 'object' || value === null || isOpen(value)) {
    return rewriter.leaf(value);
  }
  if (isNode(value, '$concat')) return rewriter.concat(value.$concat);
  if (isNode(value, '$sql')) return rewriter.sql(value.$sql);
  if (isList(value)) {
    return value.map((item) => rewrite(item, rewriter));
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, rewrite(item, rewriter)]),
  );
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

type Nodes = {
  readonly $ref: RefNode;
  readonly $secret: SecretNode;
  readonly $concat: ConcatNode;
  readonly $sql: SqlNode;
};

function isOpen(value: unknown): value is RefNode | SecretNode {
  return isNode(value, '$ref') || isNode(value, '$secret');
}

/** A node is an object with nothing but its one key: the plan writes them, never a person. */
function isNode<K extends keyof Nodes>(value: unknown, key: K): value is Nodes[K] {
  if (typeof value !== 'object' || value === null) return false;
  const [first, ...more] = Object.entries(value);
  if (first?.[0] !== key || more.length > 0) return false;
  return key === '$ref' || key === '$secret'
    ? typeof first[1] === 'string'
    : Array.isArray(first[1]);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function textOrNode(form: Json): Json {
  return typeof form === 'object' && form !== null ? form : String(form);
}
