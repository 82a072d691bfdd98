/** Makes the outputs of needed steps visible to queries: `step` for its table, `step.output` for any other. */

import { MAIN_OUTPUT } from '../model/plan.ts';
import { quoteName, quoteText } from './quoting.ts';
import { StepError } from '../model/step-error.ts';

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
    const source = artifact === undefined ? undefined : scanOf(artifact);
    if (source === undefined) continue;
    await session.run(`create temp view if not exists ${quoteName(name)} as from ${source}`);
    const [step = '', output] = name.split('.');
    if (output === undefined || session.isShared) continue;
    await session.run(`create schema if not exists ${quoteName(step)}`);
    await session.run(
      `create view if not exists ${quoteName(step)}.${quoteName(output)} as from ${source}`,
    );
  }
}

/** Names a query may use, as people write them. */
export function visibleTables(inputs: StepInputs): readonly string[] {
  return Object.entries(inputs).flatMap(([step, { outputs }]) =>
    Object.entries(outputs)
      .filter(([, artifact]) => scanOf(artifact) !== undefined)
      .map(([output]) => (output === MAIN_OUTPUT ? step : `${step}.${output}`)),
  );
}

/** Rows of every visible table together; tables of unknown length count as 0. */
export function rowsOfInputs(inputs: StepInputs): number {
  return Object.values(inputs)
    .flatMap(({ outputs }) => Object.values(outputs))
    .reduce(
      (sum, artifact) => sum + (scanOf(artifact) === undefined ? 0 : (artifact.rows ?? 0)),
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

function scanOf({ format, path }: InputArtifact): string | undefined {
  switch (format) {
    case 'parquet':
      return `read_parquet(${quoteText(path)})`;
    case 'csv':
      return `read_csv(${quoteText(path)})`;
    case 'json':
    case 'jsonl':
      return `read_json_auto(${quoteText(path)})`;
    case 'file':
    case 'tree':
      return undefined;
  }
}
