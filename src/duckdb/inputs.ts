/** Makes the outputs of needed steps visible to queries: `step` for its table, `step.output` for any other. */

import { join } from 'node:path';

import { MAIN_OUTPUT } from '../model/plan.ts';
import { restoredScan } from './kept/kept-table.ts';
import { readingOf } from './reader/reading.ts';
import { readTexts } from './reader/read-texts.ts';
import { PLAIN_PATH, quoteName, quotePath } from './quoting.ts';
import { StepError } from '../model/step-error.ts';

import type { Format } from '../model/step-result.ts';
import type { Session } from './session-port.ts';
import type { InputArtifact, StepInputs } from '../model/attempt-inputs.ts';

/**
 * Makes outputs that are tables visible, all of them or those of these names. A name of two parts needs a schema, which
 * would be seen by others: on a shared instance it is there for `tableSql` alone.
 */
export async function showInputs(
  session: Session,
  inputs: StepInputs,
  names: readonly string[] = visibleTables(inputs),
): Promise<void> {
  for (const name of names) {
    const artifact = artifactOf(name, inputs);
    if (artifact === undefined || !isTable('', artifact)) continue;
    const [step = '', output = MAIN_OUTPUT] = name.split('.');
    const twin = inputs[step]?.outputs[twinOf(output)];
    const path = twin?.path ?? (await parquetOf(session, artifact, name));
    const scan =
      artifact.restores === true
        ? await restoredScan(session, path)
        : `read_parquet(${quotePath(path)}, ${PLAIN_PATH})`;
    const show = (view: string): Promise<unknown> =>
      session.run(`create ${view} as from ${scan}`).catch((error: unknown) => {
        throw explain(error, name, artifact);
      });
    await show(`temp view if not exists ${quoteName(name)}`);
    if (!name.includes('.') || session.isShared) continue;
    await session.run(`create schema if not exists ${quoteName(step)}`);
    await show(`view if not exists ${quoteName(step)}.${quoteName(output)}`);
  }
}

function explain(error: unknown, name: string, { format, path }: InputArtifact): unknown {
  if (!(error instanceof StepError) || error.code === 'OUT_OF_SPACE') return error;
  const said = error.message.replaceAll(path, name);
  return new StepError('BAD_INPUT_DATA', `the table ${name} cannot be read as ${format}: ${said}`, {
    cause: error,
  });
}

/** The output that has the same table as Parquet, beside one that is kept as the text it was written in. */
export function twinOf(output: string): string {
  return `${output}.parquet`;
}

/** Of a text without a twin: it is read as every table from outside is. */
async function parquetOf(session: Session, artifact: TableArtifact, name: string): Promise<string> {
  const { format, path } = artifact;
  if (format === 'parquet') return path;
  const given = { ...artifact, original: name };
  const folder = join(session.folder, 'inputs', name);
  const target = join(folder, 'table.parquet');
  const log = (): void => undefined;
  await readTexts(session, [{ file: given, format }], readingOf({}), { folder, target, log }).catch(
    (error: unknown) => {
      throw explain(error, name, artifact);
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
  return quoteName(name);
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
