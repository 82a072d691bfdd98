/** The words of outcomes, within what all outcomes of a run may say together: they travel in one answer. Pure. */

import { boundText, bytesOf } from './bounded-text.ts';

import type { Failure } from './failure.ts';
import type { Outcome } from './outcome.ts';

/** What an outcome says of itself. */
export type Said = Pick<
  Outcome,
  'code' | 'reason' | 'hint' | 'exitCode' | 'log' | 'failedChecks' | 'rowsRejected' | 'items'
>;

/** Bytes that the words of one run may take; of every outcome beyond them only a line stays. */
const MOST_BYTES_TOGETHER = 800_000;
const A_LINE = Object.freeze({ reason: 200, hint: 100, log: 200, failedChecks: 300 });

/** What a failure says. `prefix` stands before its message. */
export function saidOf(
  { code, message, hint, exitCode, log, failedChecks, rowsRejected, items }: Failure,
  prefix = '',
): Said {
  return {
    code,
    reason: `${prefix}${message}`,
    ...(hint === undefined ? {} : { hint }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(log === undefined ? {} : { log }),
    ...(failedChecks === undefined ? {} : { failedChecks }),
    ...(rowsRejected === undefined ? {} : { rowsRejected }),
    ...(items === undefined ? {} : { items }),
  };
}

/** As much of it as still fits, and the bytes that are taken then. A path or a list of names is whole or not there. */
export function fitting(
  said: Said,
  takenBytes: number,
): { readonly said: Said; readonly takenBytes: number } {
  const taken = takenBytes + bytesOf(JSON.stringify(said));
  if (taken <= MOST_BYTES_TOGETHER) return { said, takenBytes: taken };
  const { reason, hint, log, failedChecks, items, ...rest } = said;
  const isShort = (what: unknown, most: number): boolean => bytesOf(JSON.stringify(what)) <= most;
  return {
    said: {
      ...rest,
      ...(reason === undefined ? {} : { reason: boundText(reason, A_LINE.reason) }),
      ...(hint === undefined ? {} : { hint: boundText(hint, A_LINE.hint) }),
      ...(log !== undefined && isShort(log, A_LINE.log) ? { log } : {}),
      ...(failedChecks !== undefined && isShort(failedChecks, A_LINE.failedChecks)
        ? { failedChecks }
        : {}),
      ...(items === undefined ? {} : { items: { total: items.total, counts: items.counts } }),
    },
    takenBytes,
  };
}
