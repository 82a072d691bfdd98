import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { KINDS } from '../../src/activities/steps/index.ts';
import { jobJsonSchema, profileJsonSchema } from '../../src/model/json-schema.ts';
import { ROOT } from '../harness/cli.ts';

test.each([
  ['job.schema.json', jobJsonSchema()],
  ['profile.schema.json', profileJsonSchema(KINDS)],
])(
  'schema/%s is what the checks say (node scripts/write-schemas.mjs writes it)',
  async (name, schema) => {
    const text = await readFile(join(ROOT, 'schema', name), 'utf8');
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(schema)));
  },
);

test('the options of each kind are part of the profile schema', () => {
  const text = JSON.stringify(profileJsonSchema(KINDS));
  for (const { kind } of KINDS) expect(text).toContain(`"const":"${kind}"`);
  expect(text).toContain('keep_rejected');
  expect(text).not.toContain('$sql');
});
