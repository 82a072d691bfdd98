/** Refuses values that JSON has no notation for: NaN and infinities. DuckDB would write them, and no reader of JSON would take the file. */

import { StepError } from '../model/step-error.ts';
import { quoteName, quoteText } from './quoting.ts';

import type { Column } from '../model/column.ts';
import type { Session } from './session-port.ts';

/** @throws StepError OUTPUT_UNUSABLE naming the first such column */
export async function mustBeJson(
  session: Session,
  table: string,
  columns: readonly Column[],
): Promise<void> {
  const binary = columns.filter(({ type }) => /\b(DOUBLE|FLOAT)\b/.test(type));
  if (binary.length === 0) return;
  const counts = binary.map(({ name, type }, i) => `count_if(${strange(name, type)}) as n${i}`);
  const [row] = await session.rows(`select ${counts.join(', ')} from ${table}`);
  binary.forEach(({ name }, i) => {
    if (Number(row?.[`n${i}`]) === 0) return;
    throw new StepError(
      'OUTPUT_UNUSABLE',
      `the column '${name}' has NaN or infinities, which JSON cannot hold; write NULL for them (case when isfinite(x) then x end), cast it to text, or export another format`,
    );
  });
}

function strange(name: string, type: string): string {
  const column = quoteName(name);
  if (type === 'DOUBLE' || type === 'FLOAT') return `not isfinite(${column})`;
  // Inside lists and structs: outside of texts these letters are nothing else.
  const text = `regexp_replace(cast(to_json(${column}) as varchar), ${quoteText('"(\\\\.|[^"\\\\])*"')}, '', 'g')`;
  return `regexp_matches(${text}, 'NaN|Infinity')`;
}

/** How lines of JSON are written: as they are, without a quote or an escape. */
export const AS_LINES = `(format csv, header false, quote '', escape '', delimiter e'\\x01')`;

/**
 * SQL of a row's line in a JSON Lines file, where DuckDB's own writer would change a value: what is JSON already it
 * reads again, numbers as binary ones. Undefined: it would not.
 */
export function jsonLine(columns: readonly Column[]): string | undefined {
  if (!columns.some(({ type }) => type === 'JSON')) return undefined;
  const fields = columns.map(({ name, type }, i) => {
    const column = quoteName(name);
    // A line end in JSON stands between its parts, for in a text it is written as an escape.
    const text =
      type === 'JSON'
        ? `translate(cast(${column} as varchar), e'\\n\\r', '  ')`
        : `cast(to_json(${column}) as varchar)`;
    const key = `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`;
    return `${quoteText(key)} || coalesce(${text}, 'null')`;
  });
  return `${fields.join(' || ')} || '}'`;
}
