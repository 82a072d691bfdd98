/** SQL conditions of the user's (`where`, `expression`): held to be one boolean expression over the columns of a table. */

import { isSameTree, treeIfAny } from '../../duckdb/syntax-tree.ts';
import { admit } from '../../duckdb/user-query.ts';
import { StepError } from '../../model/step-error.ts';

import type { Sql, StepInputs } from '../../model/attempt-inputs.ts';
import type { Session } from '../../duckdb/session-port.ts';

/** What a user's condition must look like, for messages. */
const SUCH_AS = 'such as amount >= 0';

/**
 * The condition in parentheses, ready to stand in a query of ours; its tables are visible then. `what` names the option.
 * @throws StepError SQL_ERROR, SQL_NOT_ALLOWED, BAD_OPTION
 */
export async function admitCondition(
  session: Session,
  { text, binds }: Sql,
  inputs: StepInputs,
  what: string,
): Promise<Sql> {
  const bare = text.trim().replace(/;+\s*$/, '');
  const inside = `(\n${bare}\n)`;
  const { tree } = await placed(what, () => admit(session, `select ${inside}`, inputs));
  // A text such as `1) from other where (2` closes our parentheses and opens its own: alone it is no condition.
  if (!isSameTree(tree, await treeIfAny(session, `select ${bare}`))) {
    throw new StepError('BAD_OPTION', `${what} must be one SQL condition, ${SUCH_AS}`);
  }
  return { text: inside, binds };
}

/** Holds an admitted condition to the columns of `from` (SQL). Reads no row. @throws StepError SQL_ERROR, BAD_OPTION */
export async function holdToColumns(
  session: Session,
  { text, binds }: Sql,
  from: string,
  what: string,
): Promise<void> {
  const query = { text: `select ${text} as x from ${from} limit 0`, binds };
  await placed(what, () => session.keep('_condition', query));
  const [column] = await session.columns('_condition');
  if (column?.type === 'BOOLEAN') return;
  throw new StepError(
    'BAD_OPTION',
    `${what} must be true or false for a row, ${SUCH_AS}; it gives ${column?.type}`,
  );
}

/** Tells a mistake by its option. The user's text stands one line below the start of our query. */
async function placed<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    const message = error.message.replace(
      /^line (\d+), /,
      (_, line: string) => `line ${Math.max(1, Number(line) - 1)}, `,
    );
    throw new StepError(error.code, `${what}: ${message}`, { cause: error });
  }
}
