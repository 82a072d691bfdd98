/** Writes schema/*.json from the compiled sources; a test holds them equal. Run after `npm run build`. */

import { mkdir, writeFile } from 'node:fs/promises';

import { KINDS } from '../dist/kinds/index.js';
import { jobJsonSchema, profileJsonSchema } from '../dist/definition/json-schema.js';

const folder = new URL('../schema/', import.meta.url);
await mkdir(folder, { recursive: true });
await writeFile(
  new URL('job.schema.json', folder),
  `${JSON.stringify(jobJsonSchema(), null, 2)}\n`,
);
await writeFile(
  new URL('profile.schema.json', folder),
  `${JSON.stringify(profileJsonSchema(KINDS), null, 2)}\n`,
);
