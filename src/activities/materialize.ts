/** Puts values in the place of the nodes a plan leaves open. No I/O. */

import { saidBy } from '../model/heard.ts';
import { StepError } from '../model/step-error.ts';
import {
  concatOf,
  isRef,
  isSecret,
  mapNodes,
  mentionOf,
  nameOf,
  outputForm,
  sqlForm,
} from '../model/plan-nodes.ts';
import { sqlFrom, typedValue } from '../model/sql-from.ts';

import type { InputArtifact, StepInputs } from '../model/attempt-inputs.ts';
import type { HeardSteps } from '../model/heard.ts';
import type { Json, Scalar } from '../model/plan.ts';
import type { Piece, RefNode } from '../model/plan-nodes.ts';

/** What the open nodes are answered from. `secrets` throws where a secret has no value. */
export type Answers = {
  readonly inputs: StepInputs;
  readonly heard?: HeardSteps;
  readonly secrets: (name: string) => string;
};

/**
 * The options as a kind's `run` receives them: a value of a step is the scalar, an output an absolute
 * path, a text with references one string, a query an `Sql`. @throws StepError UNKNOWN_REFERENCE
 */
export function materialize(options: Json, { inputs, heard, secrets }: Answers): unknown {
  const referred = (node: RefNode): Scalar => {
    const found = lookUp(node, { inputs, heard });
    return found.type === 'output' ? found.artifact.path : found.value;
  };
  const textOf = (piece: Piece): string => {
    if (typeof piece === 'string') return piece;
    return String(isSecret(piece) ? secrets(nameOf(piece)) : referred(piece));
  };
  return mapNodes<unknown>(options, {
    scalar: (value) => value,
    ref: referred,
    secret: (node) => secrets(nameOf(node)),
    concat: (pieces) => pieces.map(textOf).join(''),
    sql: (parts) => sqlFrom(parts.map((part) => (isRef(part) ? { value: referred(part) } : part))),
  });
}

/**
 * The options as the fingerprint knows them: outputs by their content, secrets by their names only.
 * @throws StepError UNKNOWN_REFERENCE
 */
export function fingerprintForm(
  options: Json,
  answers: Omit<Answers, 'secrets'>,
  /** Of a step whose items are not in their places yet: what stands for its references. */
  openForm?: (node: RefNode) => Json,
): Json {
  const formOf = (node: RefNode): Json => {
    if (openForm !== undefined) return openForm(node);
    const found = lookUp(node, answers);
    if (found.type === 'value') return found.value;
    return outputForm(found.artifact.sha256, found.artifact.format);
  };
  const pieceOf = (piece: Piece): Json => {
    const form = isRef(piece) ? formOf(piece) : piece;
    return typeof form === 'object' && form !== null ? form : String(form);
  };
  return mapNodes<Json>(options, {
    scalar: (value) => value,
    ref: formOf,
    secret: (node) => node,
    concat: (pieces) => concatOf<Json>(pieces.map(pieceOf)),
    sql: (parts) =>
      sqlForm(
        parts.map((part) => {
          if (typeof part === 'string') return part;
          if (!isRef(part)) return { ...typedValue(part) };
          const value = formOf(part);
          return typeof value === 'object' ? { value } : { ...typedValue({ value }) };
        }),
      ),
  });
}

type Found =
  | { readonly type: 'value'; readonly value: Scalar }
  | { readonly type: 'output'; readonly artifact: InputArtifact };

function lookUp(node: RefNode, { inputs, heard = {} }: Omit<Answers, 'secrets'>): Found {
  const mention = mentionOf(node);
  const reference = nameOf(node);
  if (mention?.part === 'outcome' || mention?.part === 'run') {
    const value = saidBy(mention, heard);
    if (value === undefined)
      throw unknownReference(reference, `steps it is told of: ${list(Object.keys(heard))}`);
    return { type: 'value', value };
  }
  if (mention === undefined || !Object.hasOwn(inputs, mention.step)) {
    throw unknownReference(reference, `steps it can read: ${list(Object.keys(inputs))}`);
  }
  const { step, part, name } = mention;
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
