/**
 * Looks at queries without running them: parses them, and binds them on tables that have no rows.
 *
 * 1. Nothing is read from outside, and nothing is written: the instance is in memory and locked.
 * 2. What cannot be known is not reported: of a query on tables whose columns are unknown only the
 *    functions are checked, and a table that may have more columns than are known has every one that is asked for.
 */

import { StepError } from '../model/step-error.ts';
import { analyse } from './analyse.ts';
import { sessionOn } from './connection.ts';
import { openInstance } from './instance.ts';
import { byteOfName, hasStar, placeOfTable, unknownFunction } from './look-in-tree.ts';
import { QueryError } from './query-error.ts';
import { quoteName } from './quoting.ts';
import { isSameTree, treeIfAny } from './syntax-tree.ts';

import type { Binder, BindProblem, BindRequest, Bound, VisibleTable } from '../model/binder.ts';
import type { KnownTable } from '../model/known-table.ts';
import type { Analysis } from './analyse.ts';
import type { Session } from './session-port.ts';

const LIMITS = Object.freeze({ threads: 1, memoryBytes: 256 * 2 ** 20 });
const CATALOG = /^(information_schema|pg_catalog)\./i;
const SQL_TYPE = /^[A-Za-z][A-Za-z0-9_(), ]*(\[\d*\])*$/;
/** Columns that one query may ask of a table that may have more than are known. */
const MAX_ASKED = 100;

type Shown = VisibleTable & { readonly shape: KnownTable };

/** Opens an engine for looking, lets `work` use it, and closes it. */
export async function withBinder<T>(work: (binder: Binder) => Promise<T>): Promise<T> {
  const instance = await openInstance({
    limits: LIMITS,
    reach: { folders: [], files: [] },
    spill: '',
  });
  const connection = await instance.connect();
  const session = sessionOn(connection, { signal: new AbortController().signal, folder: '' });
  try {
    return await work({
      bind: (request) => bind(session, request),
      isExpression: (text) => isExpression(session, text),
      isType: async (text) => !SQL_TYPE.test(text) || session.binds(`select cast(null as ${text})`),
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function bind(session: Session, request: BindRequest): Promise<Bound> {
  const { text, binds, tables, isComplete } = request;
  try {
    const query = await analyse(session, text);
    const used: (VisibleTable | undefined)[] = query.tables.map((name) =>
      tables.find((table) => table.name.toLowerCase() === name.toLowerCase()),
    );
    const unknown = query.tables.find((name, i) => used[i] === undefined && !CATALOG.test(name));
    if (unknown !== undefined && isComplete) return { problem: noTable(unknown, query, tables) };
    const shown = used.filter((table): table is Shown => table?.shape !== undefined);
    if (shown.length === used.length && (await show(session, shown))) {
      return { shape: await shapeOf(session, query, binds, shown) };
    }
    const problem = await unknownFunction(session, query.tree);
    return problem === undefined ? { shape: undefined } : { problem };
  } catch (error) {
    if (error instanceof QueryError) return { problem: problemOf(error, text) };
    if (error instanceof StepError && error.code === 'SQL_NOT_ALLOWED') {
      return { problem: { code: error.code, message: error.message } };
    }
    // The engine's own trouble says nothing about the query.
    if (error instanceof StepError || (error as Error).cause !== undefined)
      return { shape: undefined };
    throw error;
  }
}

/** A text such as `1) or (2` closes parentheses that it did not open: by itself it is no expression. */
async function isExpression(session: Session, text: string): Promise<boolean> {
  const bare = text.trim().replace(/;+\s*$/, '');
  const inside = await treeIfAny(session, `select (\n${bare}\n)`);
  return inside !== undefined && isSameTree(inside, await treeIfAny(session, `select ${bare}`));
}

function problemOf(
  { code, said, meant, byte, missingColumn }: QueryError,
  text: string,
): BindProblem {
  const name = missingColumn ?? /"([^"]+)"/.exec(said)?.[1];
  return { code, message: said, hint: meant, byte: byte ?? byteOfName(text, name) };
}

function noTable(name: string, { tree }: Analysis, tables: readonly VisibleTable[]): BindProblem {
  const visible = tables.map((table) => table.name).join(', ') || 'none (add the step to needs)';
  return {
    code: 'SQL_ERROR',
    message: `there is no table '${name}'; visible here: ${visible}`,
    byte: placeOfTable(tree, name),
    unknownTable: name,
  };
}

/** The result of a query on tables that are shown. @throws QueryError */
async function shapeOf(
  session: Session,
  query: Analysis,
  binds: BindRequest['binds'],
  tables: readonly Shown[],
): Promise<KnownTable | undefined> {
  const open = tables.find(({ shape }) => !shape.isAll);
  const asked: KnownTable['columns'][number][] = [];
  for (;;) {
    try {
      const columns = await session.describe({ text: query.text, binds });
      const isCertain =
        asked.length === 0 &&
        tables.every(({ shape }) => shape.columns.every(({ type }) => type !== undefined));
      return {
        columns: isCertain ? columns : columns.map(({ name }) => ({ name, type: undefined })),
        isAll: open === undefined || !hasStar(query.tree),
      };
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      if (open === undefined || !isAboutColumns(error)) throw placedIn(query, error);
      const { missingColumn: name } = error;
      if (
        name === undefined ||
        asked.length >= MAX_ASKED ||
        asked.some((each) => each.name === name)
      ) {
        return undefined;
      }
      asked.push({ name, type: undefined });
      await show(session, [
        { name: open.name, shape: { ...open.shape, columns: [...open.shape.columns, ...asked] } },
      ]);
    }
  }
}

/** A mistake that a column nobody declared may be the reason of. */
function isAboutColumns(error: QueryError): boolean {
  return (
    error.missingColumn !== undefined ||
    /does not have a column|not found in FROM clause|Ambiguous reference|matching columns/i.test(
      error.said,
    )
  );
}

/** The query was bound without the blanks before it. */
function placedIn({ text, start }: Analysis, error: QueryError): QueryError {
  if (error.byte === undefined || start === 0) return error;
  return error.movedBy(start, text);
}

/** Makes tables of no rows; false: their types are none. */
async function show(session: Session, tables: readonly Shown[]): Promise<boolean> {
  for (const { name, shape } of tables) {
    const [step = '', output] = name.split('.');
    const view = [step, output].flatMap((part) => (part === undefined ? [] : [quoteName(part)]));
    const columns = shape.columns.map(({ name: column, type }) =>
      type === undefined
        ? `null as ${quoteName(column)}`
        : `cast(null as ${type}) as ${quoteName(column)}`,
    );
    if (columns.length === 0) return false;
    try {
      if (output !== undefined) await session.run(`create schema if not exists ${quoteName(step)}`);
      await session.run(
        `create or replace view ${view.join('.')} as select ${columns.join(', ')} where false`,
      );
    } catch (error) {
      if (error instanceof QueryError) return false;
      throw error;
    }
  }
  return true;
}
