/**
 * What becomes of a type that is declared for a table from outside where Parquet does not keep it: mapped to one that
 * has every value, or refused. Pure. Results of queries keep their types instead: `kept/`.
 */

import { StepError } from '../model/step-error.ts';
import { quoteName, quoteText } from './quoting.ts';

import type { Column } from '../model/column.ts';

/** Types whose values would come back as others, and the type that has them. */
const MAPPED: Readonly<Record<string, string>> = {
  HUGEINT: 'DECIMAL(38,0)',
  UHUGEINT: 'DECIMAL(38,0)',
  TIMESTAMP_S: 'TIMESTAMP',
  TIMESTAMP_MS: 'TIMESTAMP',
  TIME_NS: 'VARCHAR',
  BIT: 'VARCHAR',
  BIGNUM: 'VARCHAR',
};
const REFUSED = /\b(HUGEINT|UHUGEINT|TIME WITH TIME ZONE|UNION|BIGNUM)\b/;

/** SQL over a column as it can be kept; undefined: as it is. @throws StepError OUTPUT_UNUSABLE */
function keptAs({ name, type }: Column): string | undefined {
  const column = quoteName(name);
  const mapped = type.startsWith('ENUM(') ? 'VARCHAR' : MAPPED[type];
  if (mapped !== undefined) return `cast(${column} as ${mapped})`;
  if (type === 'INTERVAL') {
    const said = `the column '${name}' is an interval with a part of a millisecond, which cannot be kept; cast it to text`;
    return `case when ${column} is null or microsecond(${column}) % 1000 = 0 then ${column} else cast(error(${quoteText(said)} || left(cast(${column} as varchar), 0)) as interval) end`;
  }
  if (REFUSED.test(type) || (type.includes('INTERVAL') && type !== 'INTERVAL')) {
    throw new StepError(
      'OUTPUT_UNUSABLE',
      `the column '${name}' is ${type}, whose values cannot be kept exactly; cast it, such as cast(${column} as varchar)`,
    );
  }
  return undefined;
}

/** What to select instead of `*` so that every value is kept; undefined: `*` does. @throws StepError OUTPUT_UNUSABLE */
export function keptColumns(columns: readonly Column[]): string | undefined {
  const changed = columns.flatMap((column) => {
    const kept = keptAs(column);
    return kept === undefined ? [] : [`${kept} as ${quoteName(column.name)}`];
  });
  return changed.length === 0 ? undefined : `* replace (${changed.join(', ')})`;
}
