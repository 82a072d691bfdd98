/**
 * The JSON Schemas of the definition files, for editors: made of the same zod schemas that check them,
 * and of the kinds (`uses` decides what `with` may hold). A value may also be a `${{ ... }}` where the
 * check takes one. What a step or a whole file means is left to `validate`. Pure.
 */

import { z } from 'zod';

import { isNodeKey } from '../model/plan-nodes.ts';
import { jobSchema } from './job.ts';
import { PROFILE_SPEC } from './profile-kind.ts';
import { profileSchema } from './profile.ts';
import { projectSchema } from './project-file.ts';

import type { KindSpec } from './kind-spec.ts';

/** A JSON Schema, or a part of one. */
export type JsonSchema = { readonly [key: string]: unknown };

const DIALECT = 'http://json-schema.org/draft-07/schema#';
const REFERENCE = Object.freeze({ $ref: '#/definitions/reference' });

/** The schema of job files. */
export function jobJsonSchema(): JsonSchema {
  return { ...written(jobSchema), $schema: DIALECT, title: 'A job: what to build' };
}

/** The schema of builder.yaml. */
export function projectJsonSchema(): JsonSchema {
  return {
    ...written(projectSchema),
    $schema: DIALECT,
    title: 'builder.yaml: what the jobs of a project have in common',
  };
}

/** The schema of profile files whose steps use these kinds. */
export function profileJsonSchema(given: readonly KindSpec[]): JsonSchema {
  const kinds = [...given, PROFILE_SPEC];
  const { definitions: shared = {}, ...root } = written(profileSchema);
  const settings = propertiesOf(root);
  const eachStep = settings['steps']!['additionalProperties'] as { readonly anyOf: JsonSchema[] };
  const step = eachStep.anyOf.find((each) => each['type'] === 'object') ?? {};
  const open = Object.fromEntries(
    Object.entries(settings)
      .filter(([key]) => key !== 'steps')
      .map(([key, value]) => [key, isName(key) ? value : orReference(value)]),
  );
  const steps = (each: JsonSchema): JsonSchema => ({
    properties: { steps: { additionalProperties: each } },
  });
  const options = kinds.map((kind) => [kind.kind, orReferences(written(kind.schema))] as const);
  return {
    ...root,
    $schema: DIALECT,
    title: 'A profile: how to build',
    properties: {
      ...open,
      steps: { ...settings['steps'], additionalProperties: true },
    },
    // A step of a profile that extends another may leave out what it takes over.
    if: { required: ['extends'] },
    // eslint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: steps({
      anyOf: [
        { $ref: '#/definitions/overriding_step' },
        { type: 'null', description: 'Removes the step.' },
      ],
    }),
    else: { required: ['steps'], ...steps({ $ref: '#/definitions/step' }) },
    definitions: {
      // What refers to itself has a name of its own.
      ...Object.fromEntries(
        Object.entries(shared as Readonly<Record<string, JsonSchema>>).map(([name, each]) => [
          name,
          orReference(each),
        ]),
      ),
      reference: {
        type: 'string',
        pattern: String.raw`\$\{\{.+\}\}`,
        description: 'A reference, such as ${{ params.country }}.',
      },
      step: { ...stepSchema(step, kinds, options, asIs), required: ['uses'] },
      overriding_step: stepSchema(step, kinds, options, partial),
    },
  };
}

function stepSchema(
  step: JsonSchema,
  kinds: readonly KindSpec[],
  options: readonly (readonly [kind: string, schema: JsonSchema])[],
  change: (options: JsonSchema) => JsonSchema,
): JsonSchema {
  const settings = Object.entries(propertiesOf(step)).map(([key, value]) => [
    key,
    isName(key) || key === 'needs' || key === 'with' ? value : orReference(value),
  ]);
  const uses = {
    description: 'Kind of the step.',
    anyOf: kinds.map(({ kind, summary }) => ({ const: kind, description: summary })),
  };
  return {
    ...step,
    properties: { ...Object.fromEntries(settings), uses },
    allOf: options.map(([kind, schema]) => {
      const changed = change(schema);
      return {
        if: { required: ['uses'], properties: { uses: { const: kind } } },
        // eslint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
        then: {
          properties: { with: changed },
          ...(changed['required'] !== undefined && { required: ['with'] }),
        },
      };
    }),
  };
}

function asIs(options: JsonSchema): JsonSchema {
  return options;
}

/** Options of a step that may inherit some: none is required, null removes one. */
function partial(options: JsonSchema): JsonSchema {
  const properties = Object.entries(propertiesOf(options)).map(([key, value]) => [
    key,
    { anyOf: [value, { type: 'null' }] },
  ]);
  return { ...without(options, 'required'), properties: Object.fromEntries(properties) };
}

/** Names and prose hold no references. */
function isName(key: string): boolean {
  return ['profile', 'extends', 'description', 'uses', 'takes', 'gives'].includes(key);
}

/** The schema of what people write: input side, plan nodes left out. */
function written(schema: z.ZodType): JsonSchema {
  const json = z.toJSONSchema(schema, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
  return withoutNodes(json) as JsonSchema;
}

/** Leaves out the alternatives that only the resolver makes, and single alternatives. */
function withoutNodes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNodes);
  if (typeof value !== 'object' || value === null) return value;
  const { anyOf, ...rest } = value as JsonSchema;
  const plain = Object.fromEntries(
    Object.entries(without(rest, '$schema')).map(([key, each]) => [key, withoutNodes(each)]),
  );
  if (!Array.isArray(anyOf)) return plain;
  const kept = anyOf.filter((each: JsonSchema) => !isNode(each)).map(withoutNodes);
  return kept.length === 1 ? { ...(kept[0] as JsonSchema), ...plain } : { ...plain, anyOf: kept };
}

function isNode(schema: JsonSchema): boolean {
  const keys = Object.keys(propertiesOf(schema));
  return keys.length > 0 && keys.every(isNodeKey);
}

/** Every value below, and not the schema itself, may also be a reference. */
function orReferences(schema: JsonSchema): JsonSchema {
  const changed: Record<string, unknown> = { ...schema };
  if (schema['properties'] !== undefined) {
    changed['properties'] = Object.fromEntries(
      Object.entries(propertiesOf(schema)).map(([key, each]) => [key, orReference(each)]),
    );
  }
  for (const key of ['additionalProperties', 'items']) {
    const each = schema[key];
    if (typeof each === 'object' && each !== null) changed[key] = orReference(each as JsonSchema);
  }
  for (const key of ['anyOf', 'oneOf', 'allOf']) {
    const each = schema[key];
    if (Array.isArray(each)) changed[key] = each.map(orReferences);
  }
  return changed;
}

/** The value or a reference; free text takes one as it is, and no reference stands for a list or a mapping. */
function orReference(schema: JsonSchema): JsonSchema {
  const inner = orReferences(schema);
  if (takesReference(schema)) return inner;
  const { description, default: fallback, examples, ...rest } = inner;
  const alternatives =
    Object.keys(rest).length === 1 && Array.isArray(rest['anyOf'])
      ? (rest['anyOf'] as readonly JsonSchema[])
      : [rest];
  return {
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
    ...(examples !== undefined && { examples }),
    anyOf: [...alternatives, REFERENCE],
  };
}

function takesReference(schema: JsonSchema): boolean {
  if (Array.isArray(schema['anyOf'])) {
    const each = schema['anyOf'] as readonly JsonSchema[];
    return each.some(
      (alternative) => alternative['type'] === 'string' && takesReference(alternative),
    );
  }
  const { type } = schema;
  if (type === 'object' || type === 'array' || type === undefined) {
    return schema['const'] === undefined && schema['enum'] === undefined;
  }
  if (type !== 'string') return false;
  // A condition on the text would refuse the letters of a reference.
  return !['pattern', 'enum', 'const', 'format', 'maxLength', 'allOf'].some((key) => key in schema);
}

function without(schema: JsonSchema, key: string): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([each]) => each !== key));
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
}
