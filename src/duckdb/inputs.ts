/** Makes the outputs of needed steps visible to queries: `step` for its table, `step.output` for any other. */

import { join } from 'node:path';

import { MAIN_OUTPUT } from '../model/plan.ts';
import { readingOf } from './reader/reading.ts';
import { readTexts } from './reader/read-texts.ts';
import { PLAIN_PATH, quoteName, quotePath } from './session.ts';
import { StepError } from '../model/step-error.ts';

import type { Format } from '../model/step-result.ts';
import type { Session } from './session.ts';
import type { InputArtifact, StepInputs } from '../model/attempt-inputs.ts';

/** Creates one view an output that is a table. A text is read as every table from outside is, types found out. */
export async function showInputs(session: Session, inputs: StepInputs): Promise<void> {
  for (const [step, { outputs }] of Object.entries(inputs)) {
    for (const [output, artifact] of Object.entries(outputs)) {
      if (!isTable(output, artifact)) continue;
      const name = output === MAIN_OUTPUT ? [step] : [step, output];
      if (name.length > 1) await session.run(`create schema if not exists ${quoteName(step)}`);
      const view = name.map(quoteName).join('.');
      const path =
        outputs[twinOf(output)]?.path ?? (await parquetOf(session, artifact, name.join('.')));
      await session.run(
        `create view ${view} as from read_parquet(${quotePath(path)}, ${PLAIN_PATH})`,
      );
    }
  }
}

/** The output that has the same table as Parquet, beside one that is kept as the text it was written in. */
export function twinOf(output: string): string {
  return `${output}.parquet`;
}

async function parquetOf(session: Session, artifact: TableArtifact, name: string): Promise<string> {
  const { format, path } = artifact;
  if (format === 'parquet') return path;
  const given = { ...artifact, original: name };
  const folder = join(session.folder, 'inputs', name);
  const target = join(folder, 'table.parquet');
  const log = (): void => undefined;
  await readTexts(session, [{ file: given, format }], readingOf({}), { folder, target, log }).catch(
    (error: unknown) => {
      if (!(error instanceof StepError) || error.code !== 'BAD_INPUT_DATA') throw error;
      const message = `the table ${name} cannot be read as ${format}: ${error.message}`;
      throw new StepError(error.code, message, { cause: error });
    },
  );
  return target;
}

/** Names a query may use, as people write them. */
export function visibleTables(inputs: StepInputs): readonly string[] {
  return Object.entries(inputs).flatMap(([step, { outputs }]) =>
    Object.entries(outputs)
      .filter(([output, artifact]) => isTable(output, artifact))
      .map(([output]) => (output === MAIN_OUTPUT ? step : `${step}.${output}`)),
  );
}

/** Rows of every visible table together; tables of unknown length count as 0. */
export function rowsOfInputs(inputs: StepInputs): number {
  return Object.values(inputs)
    .flatMap(({ outputs }) => Object.entries(outputs))
    .reduce(
      (sum, [output, artifact]) => sum + (isTable(output, artifact) ? (artifact.rows ?? 0) : 0),
      0,
    );
}

/** A table name of an option as an SQL name. @throws StepError UNKNOWN_REFERENCE */
export function tableSql(name: string, inputs: StepInputs): string {
  const visible = visibleTables(inputs);
  if (!visible.includes(name)) {
    throw new StepError(
      'UNKNOWN_REFERENCE',
      `there is no table '${name}'; visible here: ${visible.join(', ') || "none (an option that names a table belongs in the kind's roles.tables)"}`,
    );
  }
  return name.split('.').map(quoteName).join('.');
}

/** The artifact behind `step` or `step.output`. */
export function artifactOf(name: string, inputs: StepInputs): InputArtifact | undefined {
  const [step = '', output = MAIN_OUTPUT] = name.split('.');
  return inputs[step]?.outputs[output];
}

type TableArtifact = InputArtifact & { readonly format: Exclude<Format, 'file' | 'tree'> };

function isTable(output: string, artifact: InputArtifact): artifact is TableArtifact {
  return !output.includes('.') && artifact.format !== 'file' && artifact.format !== 'tree';
}
