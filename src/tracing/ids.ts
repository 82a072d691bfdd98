/**
 * Ids of spans, made of what they are of: every worker of a fleet, and a command that resumes, names the same run, step
 * and attempt alike, and nothing has to be passed on. Needs no library.
 */

import { hashText } from '../os/hashing.ts';

/** One start of a run. */
export type StartedRun = { readonly runId: string; readonly generation: number };

/** 32 hexadecimal digits; a run that is resumed goes on with its trace. */
export function traceIdOf(runId: string): string {
  return hashText(JSON.stringify(['trace', runId])).slice(0, 32);
}

/** 16 hexadecimal digits for a start of a run, a step of it, or an attempt of that. */
export function spanIdOf(
  { runId, generation }: StartedRun,
  ...part: readonly (string | number)[]
): string {
  return hashText(JSON.stringify(['span', runId, generation, ...part])).slice(0, 16);
}

/** The W3C header by which what an attempt starts becomes its child. */
export function traceparentOf(run: StartedRun, step: string, attempt: number): string {
  return `00-${traceIdOf(run.runId)}-${spanIdOf(run, step, attempt)}-01`;
}
