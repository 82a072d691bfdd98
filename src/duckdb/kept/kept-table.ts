/** Tables whose types Parquet does not have: how they are written, and read again as what they were. */

import { quoteName, quotePath, quoteText, PLAIN_PATH } from '../quoting.ts';
import { PARQUET, TYPES_KEY } from '../parquet.ts';
import { StepError } from '../../model/step-error.ts';
import { storedForm, UNKEPT } from './stored.ts';

import type { Session } from '../session-port.ts';
import type { Column } from '../../model/column.ts';

/** How to write a table: what to select of it, COPY's options, and whether reading must restore types. */
export type Keeping = {
  readonly list: string;
  readonly as: string;
  readonly restores: boolean;
  /** The columns as they stand in the file. */
  readonly stored: readonly Column[];
};

/** @throws StepError VALUE_NOT_KEPT for a type that no form has */
export function keepingOf(columns: readonly Column[]): Keeping {
  const forms = columns.map(({ name, type }) => storedForm(type, name));
  if (forms.every((form) => form === undefined)) {
    return { list: '*', as: PARQUET, restores: false, stored: columns };
  }
  const list = columns.map(({ name }, i) => {
    const stored = forms[i]?.store(quoteName(name), name);
    return stored === undefined ? quoteName(name) : `${stored} as ${quoteName(name)}`;
  });
  const types = JSON.stringify(columns.map(({ name, type }) => [name, type]));
  return {
    list: list.join(', '),
    as: PARQUET.replace(/\)$/, () => `, kv_metadata {${TYPES_KEY}: ${quoteText(types)}})`),
    restores: true,
    stored: columns.map(({ name, type }, i) => ({ name, type: forms[i]?.type ?? type })),
  };
}

/** A query of a file that was written so. */
export async function restoredScan(session: Session, path: string): Promise<string> {
  const file = quotePath(path);
  const [told] = await session.rows(
    `select decode(value) as types from parquet_kv_metadata(${file}) where decode(key) = ${quoteText(TYPES_KEY)}`,
  );
  const types = JSON.parse(String(told?.['types'])) as readonly [name: string, type: string][];
  const list = types.map(([name, type]) => {
    const form = storedForm(type, name);
    const column = quoteName(name);
    return form === undefined ? column : `${form.restore(column)} as ${column}`;
  });
  return `(select ${list.join(', ')} from read_parquet(${file}, ${PLAIN_PATH}))`;
}

/** The error of a value that no form has, in words; any other is answered as it is. */
export function explainUnkept(error: unknown): unknown {
  const message = (error as { readonly message?: string } | null)?.message ?? '';
  const at = message.indexOf(UNKEPT);
  if (at < 0) return error;
  const told = message.slice(at + UNKEPT.length).split('\n')[0] ?? '';
  return new StepError('VALUE_NOT_KEPT', told, { cause: error });
}
