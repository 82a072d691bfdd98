/** Writes schema/*.json from the compiled sources; a test holds them equal. Run after `npm run build`. */

import { mkdir, writeFile } from 'node:fs/promises';

import { KINDS } from '../dist/kinds/index.js';
import {
  jobJsonSchema,
  profileJsonSchema,
  projectJsonSchema,
} from '../dist/definition/json-schema.js';

const folder = new URL('../schema/', import.meta.url);
await mkdir(folder, { recursive: true });
const schemas = {
  builder: projectJsonSchema(),
  job: jobJsonSchema(),
  profile: profileJsonSchema(KINDS),
};
for (const [name, schema] of Object.entries(schemas)) {
  await writeFile(new URL(`${name}.schema.json`, folder), `${JSON.stringify(schema, null, 2)}\n`);
}
