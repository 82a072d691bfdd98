/** A query of the user's on its way to the engine: looked at, its tables shown, and kept from everything else. */

import { didYouMean } from '../model/suggest.ts';
import { analyse } from './analyse.ts';
import { showInputs, visibleTables } from './inputs.ts';
import { QueryError } from './query-error.ts';

import type { Analysis } from './analyse.ts';
import type { Session } from './session-port.ts';
import type { StepInputs } from '../model/attempt-inputs.ts';

/** What describes the tables themselves. */
const CATALOG = /^(information_schema|pg_catalog)\./i;

/**
 * Every query that a user wrote must come this way before it runs. `catalog`: it may also ask what the tables are like.
 * `needs` are the steps it could name, for the message where it names none of them.
 * @throws StepError SQL_ERROR, SQL_NOT_ALLOWED
 */
export async function admit(
  session: Session,
  text: string,
  inputs: StepInputs,
  {
    catalog = false,
    needs = [],
  }: { readonly catalog?: boolean; readonly needs?: readonly string[] } = {},
): Promise<Analysis> {
  const query = await analyse(session, text);
  if (query.reach !== undefined) session.alone(`the query uses ${query.reach}`);
  const visible = visibleTables(inputs);
  const asked = catalog && query.tables.some((table) => CATALOG.test(table));
  const seen = query.tables.flatMap((table) => {
    if (asked && CATALOG.test(table)) return [];
    const found = visible.find((name) => name.toLowerCase() === table.toLowerCase());
    if (found !== undefined) return [found];
    const named = [...new Set([...visible, ...needs])];
    throw new QueryError(
      'SQL_ERROR',
      `there is no table '${table}'; visible here: ${named.join(', ') || 'none (add the step to needs)'}`,
      { text, meant: didYouMean(table, named) },
    );
  });
  await showInputs(session, inputs, asked ? visible : seen);
  return query;
}
