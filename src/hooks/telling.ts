/**
 * What one process says of the hooks that it sends: that a receiver is away once, and once that it answers again, however
 * many runs end in between. Pure but for what it remembers.
 */

import type { EndedRun } from '../model/hook-message.ts';
import type { Hook } from '../model/hook.ts';
import type { DueHook } from './due.ts';

export type Telling = {
  /** The line about a try, if there is one; `before` and `after` it. */
  lineOf(before: DueHook, after: DueHook, run: EndedRun): string | undefined;
};

export function makeTelling(): Telling {
  /** Keys of the messages that wait, by receiver. */
  const away = new Map<string, Set<string>>();
  /** Those whose receiver has answered again, which was said. */
  const following = new Set<string>();

  const sent = (before: DueHook, { hook, key, tries }: DueHook, what: string) => {
    const receiver = receiverOf(hook);
    const waiting = away.get(receiver);
    waiting?.delete(key);
    away.delete(receiver);
    if (waiting !== undefined && waiting.size > 0) {
      for (const other of waiting) following.add(other);
      return `${what}: sent; its receiver answers again, and gets ${waiting.size} more that wait`;
    }
    if (following.delete(key) || before.tries === 0) return undefined;
    return `${what}: sent at last, in try ${tries}`;
  };
  const failed = (before: DueHook, { hook, key, error = '' }: DueHook, what: string) => {
    const receiver = receiverOf(hook);
    const waiting = away.get(receiver);
    away.set(receiver, (waiting ?? new Set()).add(key));
    if (before.tries > 0 || waiting !== undefined) return undefined;
    return `${what}: ${error}; it is tried again, by this or the next command`;
  };

  return {
    lineOf: (before, after, { run_id: runId }) => {
      const { hook, key, state, tries, error = '' } = after;
      const what = `hook      ${hook.id} of run ${runId}`;
      if (state === 'sent') return sent(before, after, what);
      if (state === 'waiting') return failed(before, after, what);
      away.get(receiverOf(hook))?.delete(key);
      following.delete(key);
      return `${what}: given up after a day and ${tries} tries: ${error}`;
    },
  };
}

/** Who gets it; of one hook, since it may be that one which is refused. */
function receiverOf(hook: Hook): string {
  return JSON.stringify([hook.id, 'http' in hook ? hook.http.url : hook.command.argv]);
}
