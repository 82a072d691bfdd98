/** `schema`: the JSON Schema of a file; with `--columns` the inferred types of a job's tables, to be pinned. */

import { stringify } from 'yaml';

import {
  jobJsonSchema,
  profileJsonSchema,
  projectJsonSchema,
} from '../../definition/json-schema.ts';
import { KINDS, openProject } from '../../index.ts';
import { UserError } from '../../model/errors.ts';
import { placeOf } from '../place.ts';
import { projectOptions } from '../project-options.ts';
import { requestOf } from '../definition-flags.ts';

import type { InferredTable } from '../../index.ts';
import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';
import type { DefinitionFlags } from '../definition-flags.ts';

export type SchemaFlags = Partial<DefinitionFlags> & {
  readonly columns?: boolean;
  readonly step?: string;
};

const SCHEMAS: Readonly<Record<string, () => object>> = Object.freeze({
  job: jobJsonSchema,
  profile: () => profileJsonSchema(KINDS),
  builder: projectJsonSchema,
});

/** Prints and answers the exit code. @throws UserError */
export async function schemaCommand(
  flags: SchemaFlags,
  settings: Settings,
  io: Io,
  file: string = 'profile',
): Promise<number> {
  if (flags.columns !== true) {
    const schema = SCHEMAS[file];
    if (schema === undefined) {
      const allowed = Object.keys(SCHEMAS).join(', ');
      throw new UserError('BAD_USAGE', `there is no schema of '${file}'; allowed: ${allowed}`);
    }
    io.out(JSON.stringify(schema(), null, 2));
    return 0;
  }
  if (flags.job === undefined) {
    throw new UserError('BAD_USAGE', '--columns needs --job: the file whose tables are looked at');
  }
  const { job } = flags;
  const place = placeOf(settings, io.cwd, job);
  const stateDir = place.stateDir.path;
  const project = openProject({ ...projectOptions(place.settings, io), stateDir });
  const { tables, unknown } = await project.inferredColumns(requestOf({ ...flags, job }), flags);
  if (settings.json) {
    io.out(JSON.stringify({ tables, unknown }, null, 2));
    return 0;
  }
  for (const { step, why } of unknown) io.say(`${step}: ${why}`);
  if (tables.length > 0)
    io.out(stringify({ steps: asProfile(tables) }, { lineWidth: 0 }).trimEnd());
  return 0;
}

type Tree = { [key: string]: Tree | string };

/** The part of a profile that says it. */
function asProfile(tables: readonly InferredTable[]): Tree {
  const steps: Tree = {};
  for (const { step, at, columns } of tables) {
    let here = steps;
    for (const key of [step, 'with', ...at]) here = (here[key] ??= {}) as Tree;
    for (const { name, type } of columns) here[name] = type;
  }
  return steps;
}
