/** Serves a project for as long as it is wanted: one process does, and an embedded engine that ends is started again. */

import { UserError } from '../../model/errors.ts';
import { serve } from './serve.ts';
import { takeServing } from './serving-lease.ts';
import { makeStateDir } from '../definitions/state-dir.ts';

import type { Parts } from '../parts.ts';
import type { Tell } from '../project-events.ts';
import type { ServeRequest } from './serve.ts';

/** An engine that ends more often than this in so short a time will not be better for being started again. */
const MOST_AGAIN = 5;
const AGAIN_MS = 10 * 60_000;

/** Answers when it was told to stop, and has stopped. @throws UserError ALREADY_SERVED, FENCED, or with exit code 3 */
export async function serveProject(parts: Parts, request: ServeRequest, tell: Tell): Promise<void> {
  const { stateDir } = parts.options;
  makeStateDir(stateDir);
  const lease = await takeServing(stateDir, { stop: request.stop, tell });
  if (lease === undefined) return;
  const fenced = new AbortController();
  void lease.lost.then(() => fenced.abort());
  const stop = AbortSignal.any([request.stop, fenced.signal]);
  const ends: number[] = [];
  try {
    for (;;) {
      try {
        await serve(parts, { ...request, stop }, tell);
        break;
      } catch (error) {
        const nowMs = Date.now();
        const recent = ends.filter((ms) => nowMs - ms < AGAIN_MS).length;
        const isLost = error instanceof UserError && error.code === 'ENGINE_LOST';
        // Who is told to stop needs no engine any more.
        if (isLost && request.stop.aborted) break;
        if (!isLost || stop.aborted || recent >= MOST_AGAIN) throw error;
        ends.push(nowMs);
        tell({ type: 'engine_again' });
      }
    }
    if (fenced.signal.aborted) {
      throw new UserError('FENCED', `another process serves ${stateDir} now`, {
        hint: 'This one did not answer for a minute. Let the other one do it.',
      });
    }
  } finally {
    lease.release();
  }
}
