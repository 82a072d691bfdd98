/** Makes the outputs of needed steps visible to queries: `step` for its table, `step.output` for any other. */

import { MAIN_OUTPUT } from '../model/plan.ts';
import { csvSettings } from './csv-dialect.ts';
import { restoredScan } from './kept/kept-table.ts';
import { PLAIN_PATH, quoteName, quotePath } from './quoting.ts';
import { StepError } from '../model/step-error.ts';

import type { Format } from '../model/step-result.ts';
import type { Session } from './session.ts';
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
    if (artifact === undefined || !isTable(artifact)) continue;
    const scan = await scanOf(session, artifact);
    const show = (view: string): Promise<unknown> =>
      session.run(`create ${view} as from ${scan}`).catch((error: unknown) => {
        throw explain(error, name, artifact);
      });
    await show(`temp view if not exists ${quoteName(name)}`);
    const [step = '', output] = name.split('.');
    if (output === undefined || session.isShared) continue;
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

/** Names a query may use, as people write them. */
export function visibleTables(inputs: StepInputs): readonly string[] {
  return Object.entries(inputs).flatMap(([step, { outputs }]) =>
    Object.entries(outputs)
      .filter(([, artifact]) => isTable(artifact))
      .map(([output]) => (output === MAIN_OUTPUT ? step : `${step}.${output}`)),
  );
}

/** Rows of every visible table together; tables of unknown length count as 0. */
export function rowsOfInputs(inputs: StepInputs): number {
  return Object.values(inputs)
    .flatMap(({ outputs }) => Object.values(outputs))
    .reduce((sum, artifact) => sum + (isTable(artifact) ? (artifact.rows ?? 0) : 0), 0);
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

function isTable(artifact: InputArtifact): artifact is TableArtifact {
  return artifact.format !== 'file' && artifact.format !== 'tree';
}

async function scanOf(
  session: Session,
  { format, path, restores }: TableArtifact,
): Promise<string> {
  switch (format) {
    case 'parquet':
      if (restores === true) return restoredScan(session, path);
      return `read_parquet(${quotePath(path)}, ${PLAIN_PATH})`;
    case 'csv':
      return `read_csv(${[quotePath(path), PLAIN_PATH, ...(await csvSettings(path, path))].join(', ')})`;
    case 'json':
    case 'jsonl':
      return `read_json_auto(${quotePath(path)}, ${PLAIN_PATH})`;
  }
}
