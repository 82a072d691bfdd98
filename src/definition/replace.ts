/**
 * Replaces the references in values that were read: a whole one by its value, with its type; one
 * inside text by its text; what is known only at run time by a node of the plan. Pure.
 */

import {
  concatOf,
  isConcat,
  itemNamed,
  piecesOf,
  refTo,
  secretNamed,
  textOfScalar,
} from '../model/plan-nodes.ts';
import { parseTemplate } from './reference.ts';
import { lookUp } from './scope.ts';

import type { Problem } from '../model/errors.ts';
import type { Located, Place } from './located.ts';
import type { Json } from '../model/json.ts';
import type { Mention, Piece, RefNode, SecretNode } from '../model/plan-nodes.ts';
import type { Reference } from './reference.ts';
import type { Found, Root, Scope } from './scope.ts';

/** A mention of another step's output, value or outcome. */
export type StepUse = { readonly at: Place } & Mention;

/** What may stand at a place, and where mistakes and mentions are noted. */
export type Replacing = {
  readonly scope: Scope;
  readonly allowed: ReadonlySet<Root>;
  /** What is said of a root that is not allowed, such as "only a value can be compared". */
  readonly why?: string;
  /** False: what is known only when a step runs is refused. */
  readonly later?: false;
  /** Set: secrets are refused, with this as what is allowed instead. */
  readonly noSecrets?: string;
  readonly problems: Problem[];
  readonly uses: StepUse[];
};

type ScalarLocated = Extract<Located, { kind: 'scalar' }>;

/** The scalar with its references replaced; a hole where one of them is wrong. */
export function replaceReferences(scalar: ScalarLocated, how: Replacing): Located {
  if (typeof scalar.value !== 'string' || !scalar.value.includes('${{')) return scalar;
  const pieces: (string | Exclude<Found, { kind: 'wrong' | 'hole' }>)[] = [];
  let whole = true;
  for (const part of parseTemplate(scalar.value)) {
    if (typeof part === 'string') {
      pieces.push(part);
      continue;
    }
    const found = resolveReference(part, scalar.marks[part.mark] ?? scalar.at, how);
    if (found === undefined) whole = false;
    else pieces.push(found);
  }
  if (!whole) return { kind: 'hole', at: scalar.at };

  const [first] = pieces;
  if (pieces.length === 1 && typeof first === 'object') {
    if (first.kind === 'value') return { ...scalar, value: first.value, marks: [] };
    const value = first.kind === 'given' ? first.node : nodeOf(first);
    return { kind: 'node', at: scalar.at, value: value as Json };
  }
  const all = pieces.flatMap((piece) => (typeof piece === 'string' ? piece : textOrNodes(piece)));
  if (all.every((piece) => typeof piece === 'string')) {
    return { ...scalar, value: all.join(''), marks: [] };
  }
  return { kind: 'node', at: scalar.at, value: concatOf(all) };
}

/** What one reference stands for; undefined, with a problem, where it is wrong or not allowed. */
export function resolveReference(
  part: Reference | { readonly wrong: string },
  at: Place,
  how: Replacing,
): Exclude<Found, { kind: 'wrong' | 'hole' }> | undefined {
  if ('wrong' in part) {
    how.problems.push({ code: 'BAD_REFERENCE', ...at, message: part.wrong });
    return undefined;
  }
  const found = lookUp(how.scope, part);
  if (found.kind === 'hole') return undefined;
  if (found.kind === 'wrong') {
    const { code, message, hint } = found;
    how.problems.push({ code, ...at, message, ...(hint !== undefined && { hint }) });
    return undefined;
  }
  if (found.kind === 'secret' && how.noSecrets !== undefined) {
    const message = `a secret cannot stand here; ${how.noSecrets}`;
    how.problems.push({ code: 'SECRET_NOT_ALLOWED', ...at, message });
    return undefined;
  }
  if (found.kind === 'given' && how.later === false) {
    const message = `'${part.name}' is known only when the step runs, and a setting is needed before; give it a value that is known`;
    how.problems.push({ code: 'BAD_REFERENCE', ...at, message });
    return undefined;
  }
  if (!how.allowed.has(part.names[0] as Root)) {
    const why =
      how.why ??
      (how.allowed.size === 0 ? 'no reference can stand here' : allowedText(how.allowed));
    how.problems.push({
      code: 'BAD_REFERENCE',
      ...at,
      message: `the reference '${part.name}' cannot stand here; ${why}`,
    });
    return undefined;
  }
  if (found.kind === 'step') {
    const { kind: _, ...mention } = found;
    how.uses.push({ at, ...mention });
  }
  return found;
}

function allowedText(allowed: ReadonlySet<Root>): string {
  return `allowed: references to ${[...allowed].join(', ')}`;
}

/** The node of the plan for what is known only at run time. */
export function nodeOf(
  found: Extract<Found, { kind: 'step' | 'secret' | 'item' }>,
): RefNode | SecretNode {
  if (found.kind === 'item') return itemNamed(found.field);
  return found.kind === 'secret' ? secretNamed(found.name) : refTo(found);
}

function textOrNodes(found: Exclude<Found, { kind: 'wrong' | 'hole' }>): readonly Piece[] {
  if (found.kind === 'value') return [textOfScalar(found.value)];
  if (found.kind !== 'given') return [nodeOf(found)];
  return isConcat(found.node) ? piecesOf(found.node) : [found.node];
}
