/**
 * What stays open in a plan until an activity runs: the only module that knows how such nodes are written.
 * Everything else in a plan (params, inputs, job.name, run.date) is already a value. Pure.
 *
 * - `{ $ref: 'steps.clean.values.rows' }` or `{ $ref: 'steps.clean.outputs.table' }` (a path when it runs)
 * - `{ $ref: 'item' }` or `{ $ref: 'item.shop_id' }`: replaced before an attempt of an item begins
 * - `{ $secret: 'API_TOKEN' }`
 * - `{ $concat: ['Bearer ', { $secret: 'API_TOKEN' }] }`
 * - `{ $sql: ['select ... = ', { value: 'US' }, ' and x > ', { $ref: 'steps.a.values.y' }] }`: bound values, never text
 *
 * 1. A node is an object with nothing but its one key. The resolver writes them, never a person.
 * 2. Neighbouring texts are one text, so that where a value came from does not matter, only what it says.
 */

import type { Json, Scalar } from './json.ts';

/** Keys of the nodes, for schemas. */
export const NODE_KEYS = Object.freeze({
  ref: '$ref',
  secret: '$secret',
  concat: '$concat',
  sql: '$sql',
} as const);

export type RefNode = { readonly $ref: string };
export type SecretNode = { readonly $secret: string };
export type Piece = string | RefNode | SecretNode;
export type ConcatNode = { readonly $concat: readonly Piece[] };
/** SQL types that values in a query are given; texts, true and false have their own. */
export const SQL_TYPES = ['BIGINT', 'DOUBLE', 'DATE'] as const;
export type SqlType = (typeof SQL_TYPES)[number];
/** `type` is the declared one; without it the value's own decides: whole numbers are BIGINT. */
export type SqlValue = { readonly value: Scalar; readonly type?: SqlType };
export type SqlPart = string | SqlValue | RefNode;
export type SqlNode = { readonly $sql: readonly SqlPart[] };

/** An output or a value of another step, how it ended, or how all ended that a step waited for. */
export type Mention =
  | { readonly step: string; readonly part: 'outputs' | 'values'; readonly name: string }
  | { readonly step: string; readonly part: 'outcome'; readonly name: OutcomePart }
  | { readonly part: 'run'; readonly name: RunPart };

/** What can be named of how a step ended: its status, and the sentence that says why. */
export const OUTCOME_PARTS = ['status', 'message'] as const;
export type OutcomePart = (typeof OUTCOME_PARTS)[number];

/** What can be named of all that a step waited for: the worst status, the ids of those that failed, and why. */
export const RUN_PARTS = ['status', 'failed', 'message'] as const;
export type RunPart = (typeof RUN_PARTS)[number];

export function refTo(mention: Mention): RefNode {
  const { part, name } = mention;
  if (part === 'run') return { $ref: `run.${name}` };
  const { step } = mention;
  return { $ref: part === 'outcome' ? `steps.${step}.${name}` : `steps.${step}.${part}.${name}` };
}

/** The item of a `foreach`, or one column of it. */
export function itemNamed(field?: string): RefNode {
  return { $ref: field === undefined ? ITEM : `${ITEM}.${field}` };
}

const ITEM = 'item';

/** The column that a reference to the item names, '' for the item itself; undefined for any other reference. */
export function itemFieldOf({ $ref }: RefNode): string | undefined {
  if ($ref === ITEM) return '';
  return $ref.startsWith(`${ITEM}.`) ? $ref.slice(ITEM.length + 1) : undefined;
}

/** The value as it stands in the plan of a step without `foreach` that has the item written in its place. */
export function withItem(value: Json, itemValue: (field: string) => SqlValue): Json {
  const found = (part: unknown): SqlValue | undefined => {
    const field = isRef(part) ? itemFieldOf(part) : undefined;
    return field === undefined ? undefined : itemValue(field);
  };
  return mapNodes<Json>(value, {
    scalar: (scalar) => scalar,
    ref: (node) => {
      const item = found(node);
      return item === undefined ? node : item.value;
    },
    secret: (node) => node,
    concat: (pieces) => {
      const all = joined(
        pieces.map((piece) => {
          const item = found(piece);
          return item === undefined ? piece : textOfScalar(item.value);
        }),
      );
      const [first, ...more] = all;
      return more.length === 0 && typeof first === 'string' ? first : { $concat: all };
    },
    sql: (parts) => ({
      $sql: parts.map((part) => {
        const item = found(part);
        return item === undefined ? part : { ...item };
      }),
    }),
  });
}

/** How a value reads inside a text. */
export function textOfScalar(value: Scalar): string {
  return value === null ? '' : String(value);
}

export function secretNamed(name: string): SecretNode {
  return { $secret: name };
}

/** A text that is whole only when it runs. `T` is what stands for a node in a form of the plan. */
export function concatOf<T = RefNode | SecretNode>(
  pieces: readonly (string | T)[],
): { readonly $concat: readonly (string | T)[] } {
  return { $concat: joined(pieces) };
}

export function sqlOf(parts: readonly SqlPart[]): SqlNode {
  return { $sql: joined(parts) };
}

/** A query as a fingerprint knows it. */
export function sqlForm(parts: readonly Json[]): Json {
  return { $sql: parts };
}

/** The parts with neighbouring texts as one. */
export function joined<T>(parts: readonly (T | string)[]): readonly (T | string)[] {
  const all: (T | string)[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (typeof part === 'string' && typeof last === 'string') all[all.length - 1] = last + part;
    else all.push(part);
  }
  return all;
}

/** The same value or text with each of its references replaced. */
export function withRefs(
  node: RefNode | ConcatNode,
  change: (ref: RefNode) => RefNode,
): RefNode | ConcatNode {
  if (isRef(node)) return change(node);
  return { $concat: node.$concat.map((piece) => (isRef(piece) ? change(piece) : piece)) };
}

export function isRef(value: unknown): value is RefNode {
  return typeof only(value, NODE_KEYS.ref) === 'string';
}

export function isSecret(value: unknown): value is SecretNode {
  return typeof only(value, NODE_KEYS.secret) === 'string';
}

export function isConcat(value: unknown): value is ConcatNode {
  return Array.isArray(only(value, NODE_KEYS.concat));
}

export function isSql(value: unknown): value is SqlNode {
  return Array.isArray(only(value, NODE_KEYS.sql));
}

/** What a reference names, written out; undefined for a reference no resolver would write. */
export function mentionOf(node: RefNode): Mention | undefined {
  const run = RUN_PARTS.find((part) => node.$ref === `run.${part}`);
  if (run !== undefined) return { part: 'run', name: run };
  const [, step, rest] = /^steps\.([^.]+)\.(.+)$/.exec(node.$ref) ?? [];
  if (step === undefined || rest === undefined) return undefined;
  const outcome = OUTCOME_PARTS.find((part) => part === rest);
  if (outcome !== undefined) return { step, part: 'outcome', name: outcome };
  const [, part, name] = /^(outputs|values)\.(.+)$/.exec(rest) ?? [];
  if (name === undefined) return undefined;
  return { step, part: part === 'outputs' ? 'outputs' : 'values', name };
}

/** The text of a reference or the name of a secret, as a person knows it. */
export function nameOf(node: RefNode | SecretNode): string {
  return isRef(node) ? node.$ref : node.$secret;
}

/** What becomes of each leaf and node; no kind of node can be forgotten. */
export type NodeMap<T> = {
  scalar(value: Scalar): T;
  ref(node: RefNode): T;
  secret(node: SecretNode): T;
  concat(pieces: readonly Piece[]): T;
  sql(parts: readonly SqlPart[]): T;
};

/** A value with `T` in the place of every leaf and node. */
export type Mapped<T> = T | readonly Mapped<T>[] | { readonly [key: string]: Mapped<T> };

export function mapNodes<T>(value: Json, map: NodeMap<T>): Mapped<T> {
  if (typeof value !== 'object' || value === null) return map.scalar(value);
  if (isRef(value)) return map.ref(value);
  if (isSecret(value)) return map.secret(value);
  if (isConcat(value)) return map.concat(value.$concat);
  if (isSql(value)) return map.sql(value.$sql);
  if (isList(value)) return value.map((item) => mapNodes(item, map));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mapNodes(item, map)] as const),
  );
}

/** Every reference and secret in a value, in the order they stand there. */
export function nodesIn(value: Json): readonly (RefNode | SecretNode)[] {
  const found: (RefNode | SecretNode)[] = [];
  const note = (part: unknown): void => {
    if (isRef(part) || isSecret(part)) found.push(part);
  };
  mapNodes(value, {
    scalar: note,
    ref: note,
    secret: note,
    concat: (pieces) => pieces.forEach(note),
    sql: (parts) => parts.forEach(note),
  });
  return found;
}

/** An output as a fingerprint knows it: by its content. */
export function outputForm(sha256: string, format: string): Json {
  return { $output: sha256, format };
}

/** True for the key of a node, of whatever version: to a person it is one value, not a mapping. */
export function isNodeKey(key: string): boolean {
  return key.startsWith('$');
}

/** The pieces of a text or a query, also in what a store holds, of whatever age; undefined for all else. */
export function piecesOf(value: ConcatNode): readonly Piece[];
export function piecesOf(value: unknown): readonly unknown[] | undefined;
export function piecesOf(value: unknown): readonly unknown[] | undefined {
  if (isConcat(value)) return value.$concat;
  return isSql(value) ? value.$sql : undefined;
}

/** The value of the one key an object has, if it is this one. */
function only(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === key
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
