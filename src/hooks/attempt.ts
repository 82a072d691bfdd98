/** One try of one hook, within its time, and what follows from how it ended. */

import { hookMessage, wordsOf } from '../model/hook-message.ts';
import { CannotSend } from './fill.ts';
import { sendCommand } from './send-command.ts';
import { sendHttp, SendFailed } from './send-http.ts';

import type { EndedRun } from '../model/hook-message.ts';
import type { DueHook } from './due.ts';

/** A hook that cannot be delivered is tried so long after its run ended, then given up. */
const GIVE_UP_AFTER_MS = 24 * 3_600_000;
const FIRST_PAUSE_MS = 1_000;
const MOST_PAUSE_MS = 300_000;

export type Sending = {
  /** The value of a secret. @throws Error where it cannot be used */
  readonly secret: (name: string) => string | undefined;
  /** Blanks the values of these secrets out of a text. */
  readonly redact: (text: string, secrets: readonly string[]) => string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
};

/** The hook after one more try; undefined: `stop` came before it ended, and it counts as none. */
export async function attempt(
  due: DueHook,
  run: EndedRun,
  endedAtMs: number,
  sending: Sending,
  stop: AbortSignal,
): Promise<DueHook | undefined> {
  const { now } = sending;
  const tries = due.tries + 1;
  const { error: _, ...before } = due;
  const failed = await send(due, run, sending, stop);
  if (failed === undefined) return { ...before, tries, state: 'sent', doneAtMs: now() };
  if (stop.aborted) return undefined;
  const { error, retryInMs } = failed;
  if (now() - endedAtMs >= GIVE_UP_AFTER_MS) {
    return { ...due, tries, state: 'given up', error, doneAtMs: now() };
  }
  const pauseMs = Math.min(MOST_PAUSE_MS, Math.max(retryInMs ?? 0, pauseAfter(tries)));
  return { ...due, tries, error, nextAtMs: now() + pauseMs };
}

function pauseAfter(tries: number): number {
  return Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 4 ** Math.min(tries - 1, 10));
}

/** Why it was not sent; undefined: it was. Never throws. */
async function send(
  { hook, key }: DueHook,
  run: EndedRun,
  sending: Sending,
  stop: AbortSignal,
): Promise<{ readonly error: string; readonly retryInMs?: number | undefined } | undefined> {
  const used = new Set<string>();
  const message = hookMessage(run, hook.on, key);
  const secret = (name: string): string | undefined => {
    const value = sending.secret(name);
    if (value !== undefined) used.add(value);
    return value;
  };
  const filling = { words: wordsOf(message), secret };
  const signal = AbortSignal.any([AbortSignal.timeout(hook.timeoutMs), stop]);
  try {
    if ('http' in hook) await sendHttp(hook.http, message, filling, signal);
    else await sendCommand(hook.command, message, { filling, env: sending.env, signal });
    return undefined;
  } catch (error) {
    const isOurs = error instanceof SendFailed || error instanceof CannotSend;
    const text = error instanceof Error ? error.message : String(error);
    return {
      error: sending.redact(isOurs ? text : `it could not be sent: ${text}`, [...used]),
      ...(error instanceof SendFailed ? { retryInMs: error.retryInMs } : {}),
    };
  }
}
