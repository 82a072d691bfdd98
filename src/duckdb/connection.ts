/**
 * What a step may ask of its connection.
 *
 * 1. A query that is told to stop is interrupted until it settles, and no other query with it.
 * 2. On a shared instance the engine's own troubles, and what could reach too far, are noted as reasons to be alone.
 */

import { DOUBLE } from '@duckdb/node-api';

import { StepError } from '../model/step-error.ts';
import { boundBy } from './binds.ts';
import { quoteText } from './quoting.ts';
import { errorOf, isTroubleOfEngine, isTroubleOfInstance } from './sql-error.ts';

import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column } from '../model/column.ts';
import type { Sql } from '../model/attempt-inputs.ts';
import type { Scalar } from '../model/plan.ts';
import type { Row, Session, SessionContext, Reason } from './session-port.ts';

const INTERRUPT_EVERY_MS = 20;

type Binds = Readonly<Record<string, Scalar>>;
type Start<T> = (text: string, binds: Binds) => Promise<T>;

/** A session on a connection. `mustBeAlone` is given on a shared instance only, and told each reason. */
export function sessionOn(
  connection: DuckDBConnection,
  { signal, folder }: Pick<SessionContext, 'signal' | 'folder'>,
  mustBeAlone?: (reason: Reason) => void,
): Session {
  const settled = async <T>(
    sql: Sql | string,
    start: Start<T>,
    { before = '', after = '' } = {},
  ): Promise<T> => {
    signal.throwIfAborted();
    const { text, binds } = typeof sql === 'string' ? { text: sql, binds: {} } : sql;
    let timer: NodeJS.Timeout | undefined;
    const interrupt = (): void => {
      connection.interrupt();
      timer ??= setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS);
    };
    signal.addEventListener('abort', interrupt, { once: true });
    try {
      return await start(before + text + after, binds);
    } catch (error) {
      if (signal.aborted) throw new Error('the query was interrupted', { cause: error });
      if (error instanceof StepError) throw error;
      const told = errorOf(error, text, before);
      if (isTroubleOfEngine(error)) {
        mustBeAlone?.({ why: told.message, isBroken: isTroubleOfInstance(error) });
      }
      throw told;
    } finally {
      signal.removeEventListener('abort', interrupt);
      clearInterval(timer);
    }
  };
  const changed: Start<number> = async (text, binds) => {
    const { values, types } = boundBy(binds, DOUBLE);
    return (await connection.run(text, values, types)).rowsChanged;
  };
  const read: Start<readonly Row[]> = async (text, binds) => {
    const { values, types } = boundBy(binds, DOUBLE);
    const reader = await connection.runAndReadAll(text, values, types);
    return reader.getRowObjectsJson() as readonly Row[];
  };
  const rows = (sql: Sql | string): Promise<readonly Row[]> => settled(sql, read);
  return {
    folder,
    isShared: mustBeAlone !== undefined,
    alone: (why) => {
      if (mustBeAlone === undefined) return;
      mustBeAlone({ why, isBroken: false });
      throw new Error(why);
    },
    run: (sql) => settled(sql, changed),
    keep: async (table, sql) => {
      const before = `create or replace temp table ${table} as `;
      const [made] = await settled(sql, read, { before });
      return Number(made?.['Count']);
    },
    // A line comment may end the query, so what closes it stands on a line of its own.
    copy: (sql, { path, as, sorted, list }) => {
      const isWhole = list === '*';
      const [open, close] = isWhole ? ['', ''] : [`select ${list} from (`, ')'];
      const [from, order] = sorted ? ['select * from (\n', '\n) order by all'] : ['\n', '\n'];
      return settled(sql, changed, {
        before: `copy (${open}${from}`,
        after: `${order}${close}) to ${quoteText(path)} ${as}`,
      });
    },
    describe: async (sql) =>
      columnsOf(await settled(sql, read, { before: 'describe select * from (\n', after: '\n)' })),
    binds: async (text) => {
      signal.throwIfAborted();
      return connection.prepare(text).then(
        (prepared) => {
          prepared.destroySync();
          return true;
        },
        () => false,
      );
    },
    rows,
    count: async (sql) => Number(Object.values((await rows(sql))[0] ?? {})[0] ?? 0),
    columns: async (table) => columnsOf(await rows(`describe from ${table}`)),
  };
}

function columnsOf(described: readonly Row[]): readonly Column[] {
  return described.map((row) => ({
    name: String(row['column_name']),
    type: String(row['column_type']),
  }));
}
