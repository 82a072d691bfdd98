/** The JSON Schemas of both files, from the same zod sources as the checks, so that editors complete what is allowed. Pure. */

import { z } from 'zod';

import { jobSchema } from './job.ts';
import { profileSchema } from './profile.ts';

import type { KindSpec } from './kind-spec.ts';

type Node = Record<string, unknown>;

/** A reference may stand wherever a value may. */
const REFERENCE: Node = { type: 'string', pattern: '\\$\\{\\{.*\\}\\}' };

/** JSON Schema (2020-12) of a job file. */
export function jobJsonSchema(): Node {
  return { title: 'builder_cli job', ...withReferences(schemaOf(jobSchema)) };
}

/** JSON Schema (2020-12) of a profile file: `with` depends on `uses`. */
export function profileJsonSchema(kinds: readonly KindSpec[]): Node {
  const schema = schemaOf(profileSchema);
  const steps = at(schema, 'properties', 'steps');
  const step = stepOf(steps);
  at(step, 'properties')['uses'] = {
    enum: kinds.map(({ kind }) => kind),
    description: kinds.map(({ kind, summary }) => `${kind}: ${summary}`).join('\n'),
  };
  step['allOf'] = kinds.map(({ kind, schema: options }) => ({
    if: { properties: { uses: { const: kind } }, required: ['uses'] },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { properties: { with: withoutMeta(schemaOf(options)) } },
  }));
  return { title: 'builder_cli profile', ...withReferences(schema) };
}

function schemaOf(schema: z.ZodType): Node {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' });
}

/** A step may also be null, which removes an inherited one. */
function stepOf(steps: Node): Node {
  const value = at(steps, 'additionalProperties');
  const options = (value['anyOf'] ?? [value]) as Node[];
  const step = options.find((option) => option['type'] === 'object');
  if (step === undefined) throw new Error('the schema of a step is not an object');
  return step;
}

function at(node: Node, ...keys: readonly string[]): Node {
  return keys.reduce<Node>((here, key) => here[key] as Node, node);
}

function withoutMeta(schema: Node): Node {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema'));
}

/** Numbers, booleans and enums also take a reference; nodes that only the resolver makes are left out. */
function withReferences(node: unknown): Node {
  return visit(node) as Node;
}

function visit(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(visit);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node as Node).map(([key, value]) => [
    key,
    key === 'anyOf' ? alternatives(value as Node[]) : visit(value),
  ]);
  const visited = Object.fromEntries(entries) as Node;
  const type = visited['type'];
  const takes = type === 'number' || type === 'integer' || type === 'boolean';
  return takes ? { anyOf: [visited, REFERENCE] } : visited;
}

function alternatives(options: readonly Node[]): unknown[] {
  return options.filter((option) => !isPlanNode(option)).map(visit);
}

function isPlanNode(option: Node): boolean {
  return Object.keys((option['properties'] as Node | undefined) ?? {}).some((key) =>
    key.startsWith('$'),
  );
}
