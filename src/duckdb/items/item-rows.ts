/** The rows of a table as items. What JSON cannot say exactly is text. */

import { MOST_ITEMS } from '../../model/items.ts';
import { StepError } from '../../model/step-error.ts';
import { artifactOf, showInputs, tableSql } from '../inputs.ts';
import { quoteName, withSession } from '../session.ts';

import type { FoundItems } from '../../model/listed-item.ts';
import type { Scalar } from '../../model/plan.ts';
import type { SqlType } from '../../model/plan-nodes.ts';
import type { Row, SessionContext } from '../session-port.ts';

const WHOLE = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT)$/;
const NESTED = /[[(]|^(BLOB|BIT|JSON|VARIANT|GEOMETRY)/;

/** In the order of the table. @throws StepError BAD_ITEMS */
export async function itemRows(table: string, ctx: SessionContext): Promise<FoundItems> {
  const rows = artifactOf(table, ctx.inputs)?.rows;
  if (rows !== undefined && rows > MOST_ITEMS) throw tooMany(table, rows);
  return withSession(ctx, async (session) => {
    await showInputs(session, ctx.inputs, [table]);
    const name = tableSql(table, ctx.inputs);
    const columns = await session.columns(name);
    const nested = columns.find(({ type }) => NESTED.test(type) && !type.startsWith('DECIMAL('));
    if (nested !== undefined) {
      throw new StepError(
        'BAD_ITEMS',
        `the column ${nested.name} of ${table} is ${nested.type}; an item has numbers, texts, dates and times`,
      );
    }
    const count = await session.count(`select count(*) from ${name}`);
    if (count > MOST_ITEMS) throw tooMany(table, count);
    const list = columns.map(({ name: each, type }) => {
      const column = quoteName(each);
      const isPlain = WHOLE.test(type) || type === 'DOUBLE' || type === 'BOOLEAN';
      return isPlain ? column : `cast(${column} as varchar) as ${column}`;
    });
    const found = await session.rows(`select ${list.join(', ')} from ${name}`);
    const types = Object.fromEntries(
      columns.flatMap(({ name: each, type }): [string, SqlType][] =>
        type === 'DATE' || type === 'DOUBLE' ? [[each, type]] : [],
      ),
    );
    const hasTypes = Object.keys(types).length > 0;
    const items = found.map((row) => ({
      item: plainRow(row, columns),
      ...(hasTypes ? { types } : {}),
    }));
    return { items, columns };
  });
}

function plainRow(row: Row, columns: FoundItems['columns']): Readonly<Record<string, Scalar>> {
  return Object.fromEntries(
    columns.map(({ name, type }) => {
      const value = row[name] ?? null;
      if (typeof value === 'number' && !Number.isFinite(value)) {
        throw new StepError('BAD_ITEMS', `the column ${name} has ${value}, which is no item`);
      }
      const number = typeof value === 'string' && WHOLE.test(type) ? Number(value) : undefined;
      return [name, Number.isSafeInteger(number) ? number! : value];
    }),
  );
}

function tooMany(table: string, count: number): StepError {
  return new StepError(
    'BAD_ITEMS',
    `${table} has ${count} rows; at most ${MOST_ITEMS} can be items`,
  );
}
