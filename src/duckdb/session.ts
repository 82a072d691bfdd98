/**
 * A session of queries for one attempt of a step: in the worker's shared instance, or in one of its own.
 *
 * 1. Its queries read the inputs and staged sources they are given, and the attempt folder; nothing else.
 * 2. Nothing it makes is seen by another, and its results do not depend on where it is.
 * 3. `work` may be called twice: what cannot be done in the shared instance is done again from the beginning.
 */

import { join } from 'node:path';

import { openInstance } from './instance.ts';

import type { Reason, Session, SessionContext } from './session-port.ts';

export { PLAIN_PATH, quoteName, quotePath, quoteText } from './quoting.ts';

/** Part of the fingerprint of every kind that runs queries. */
export const ENGINE_VERSION = 'duckdb 1.5.5';

/** Opens a session, lets `work` use it, and closes it whatever happens. @throws StepError, Error */
export async function withSession<T>(
  ctx: SessionContext,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { sessionOn } = await import('./connection.ts');
  const files = filesOf(ctx);
  const place = await ctx.engine?.enter({
    limits: ctx.limits,
    paths: [ctx.folder, ...files.map(({ path }) => path)],
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  });
  if (place !== undefined) {
    const reasons: Reason[] = [];
    try {
      return await work(sessionOn(place.connection, ctx, (reason) => void reasons.push(reason)));
    } catch (error) {
      if (reasons.length === 0 || ctx.signal.aborted) throw error;
      if (reasons.some(({ isBroken }) => isBroken)) place.giveUp();
    } finally {
      place.leave();
    }
  }
  const instance = await openInstance({
    limits: ctx.limits,
    reach: { folders: [ctx.folder], files: files.map(({ path }) => path) },
    spill: join(ctx.folder, 'spill'),
  });
  try {
    const connection = await instance.connect();
    try {
      return await work(sessionOn(connection, ctx));
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

function filesOf(
  ctx: SessionContext,
): readonly { readonly path: string; readonly bytes: number }[] {
  return [
    ...Object.values(ctx.inputs).flatMap(({ outputs }) => Object.values(outputs)),
    ...ctx.sources,
  ];
}
