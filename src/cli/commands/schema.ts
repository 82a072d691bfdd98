/** `schema`: the JSON Schema of a file; with `--columns` the inferred types of a job's tables, to be pinned. */

import { stringify } from 'yaml';

import { KINDS } from '../../kinds/index.ts';
import { jobJsonSchema, profileJsonSchema } from '../../definition/json-schema.ts';
import { UserError } from '../../model/errors.ts';
import { inferredColumns } from '../../run/inferred-columns.ts';
import { loadDefinition } from '../../run/load-definition.ts';
import { openStore } from '../run/session.ts';
import { stateDirOf } from '../state-dir.ts';

import type { InferredTable } from '../../run/inferred-columns.ts';
import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';
import type { DefinitionFlags } from './validate.ts';

export type SchemaFlags = Partial<DefinitionFlags> & {
  readonly columns?: boolean;
  readonly step?: string;
};

/** Prints and answers the exit code. @throws UserError */
export async function schemaCommand(
  flags: SchemaFlags,
  settings: Settings,
  io: Io,
  file: string = 'profile',
): Promise<number> {
  if (flags.columns !== true) {
    if (file !== 'job' && file !== 'profile') {
      throw new UserError('BAD_USAGE', `there is no schema of '${file}'; allowed: job, profile`);
    }
    const schema = file === 'job' ? jobJsonSchema() : profileJsonSchema(KINDS);
    io.out(JSON.stringify(schema, null, 2));
    return 0;
  }
  if (flags.job === undefined) {
    throw new UserError('BAD_USAGE', '--columns needs --job: the file whose tables are looked at');
  }
  const definition = await loadDefinition({
    jobPath: flags.job,
    ...(flags.profile === undefined ? {} : { profile: flags.profile }),
    params: flags.param ?? [],
    date: new Date().toISOString().slice(0, 10),
    cwd: io.cwd,
    kinds: KINDS,
  });
  const { plan } = definition;
  if (flags.step !== undefined && !plan.steps.some(({ id }) => id === flags.step)) {
    const known = plan.steps.map(({ id }) => id).join(', ');
    throw new UserError('BAD_USAGE', `there is no step '${flags.step}'; steps: ${known}`);
  }
  const stateDir = stateDirOf({
    ...(settings.stateDir === undefined ? {} : { given: settings.stateDir }),
    from: definition.jobDir,
    cwd: io.cwd,
  });
  const { tables, unknown } = await inferredColumns(plan, {
    kinds: KINDS,
    store: await openStore(settings, stateDir),
    step: flags.step,
    signal: AbortSignal.timeout(3_600_000),
  });
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
