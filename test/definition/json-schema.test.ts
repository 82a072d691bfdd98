import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { KINDS } from '../../src/kinds/index.ts';
import {
  jobJsonSchema,
  profileJsonSchema,
  projectJsonSchema,
} from '../../src/definition/json-schema.ts';
import { FAKE_KINDS } from './fake-kinds.ts';

test.each([
  ['builder', projectJsonSchema()],
  ['job', jobJsonSchema()],
  ['profile', profileJsonSchema(KINDS)],
])(
  'the committed schema of a %s is current (else: node scripts/write-schemas.mjs)',
  async (name, schema) => {
    const file = new URL(`../../schema/${name}.schema.json`, import.meta.url);

    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(schema)));
  },
);

type Step = {
  readonly required?: readonly string[];
  readonly properties: Record<string, object>;
  readonly allOf: readonly {
    readonly if: object;
    readonly then: {
      readonly required?: readonly string[];
      readonly properties: {
        readonly with: { required?: readonly string[]; properties: Record<string, object> };
      };
    };
  }[];
};

const { definitions } = profileJsonSchema(FAKE_KINDS) as unknown as {
  definitions: { step: Step; overriding_step: Step };
};

test('lets uses decide what with may hold', () => {
  const { step } = definitions;

  expect(step.required).toEqual(['uses']);
  expect(step.properties['uses']).toMatchObject({
    anyOf: [
      { const: 'fake.make', description: 'Makes tables.' },
      { const: 'fake.send' },
      { const: 'profile' },
    ],
  });
  expect(step.allOf[1]?.if).toMatchObject({ properties: { uses: { const: 'fake.send' } } });
  expect(step.allOf[1]?.then).toMatchObject({
    required: ['with'],
    properties: { with: { required: ['table', 'name'], additionalProperties: false } },
  });
});

test('takes a reference where the check takes one, and only there', () => {
  const { step } = definitions;
  const options = step.allOf[0]?.then.properties.with.properties;
  const reference = { $ref: '#/definitions/reference' };

  expect(step.properties['timeout']).toMatchObject({ anyOf: [{ type: 'string' }, reference] });
  expect(step.properties['core']).toMatchObject({ anyOf: [{ type: 'boolean' }, reference] });
  expect(step.properties['needs']).not.toHaveProperty('anyOf');
  expect(options?.['mode']).toMatchObject({ anyOf: [{ enum: ['fast', 'exact'] }, reference] });
});

test('asks for nothing that a step may take over, and lets null remove an option', () => {
  const { then } = definitions.overriding_step.allOf[1]!;

  expect(definitions.overriding_step.required).toBeUndefined();
  expect(then.required).toBeUndefined();
  expect(then.properties.with.required).toBeUndefined();
  expect(then.properties.with.properties['name']).toEqual({
    anyOf: [{ type: 'string' }, { type: 'null' }],
  });
});

test('shows nobody the nodes that only the resolver makes', () => {
  expect(JSON.stringify(profileJsonSchema(KINDS))).not.toMatch(/\$(?:sql|concat|secret)"/);
});
