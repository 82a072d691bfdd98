/** Colours and signs of statuses. Pure; without colour the words alone carry the meaning. */

import type { PartitionStatus } from '../../model/backfill.ts';
import type { RunStatus, Status } from '../../model/outcome.ts';

export type Paint = {
  status(status: Status | RunStatus | PartitionStatus): string;
  dim(text: string): string;
  bold(text: string): string;
  red(text: string): string;
};

const CODES: Readonly<Record<Status | PartitionStatus, number>> = Object.freeze({
  OK: 32,
  WARN: 33,
  CACHED: 36,
  SKIPPED: 90,
  FAIL: 31,
  TIMEOUT: 31,
  CANCELLED: 35,
  BUDGET_EXCEEDED: 31,
  RUNNING: 34,
  UNFINISHED: 33,
  HELD: 33,
  WAITING: 90,
});

/** Functions that wrap text in ANSI colours, or leave it as it is. */
export function makePaint(color: boolean): Paint {
  const wrap = (code: number, text: string): string =>
    color ? `\u001b[${code}m${text}\u001b[0m` : text;
  return {
    status: (status) => wrap(CODES[status], status),
    dim: (text) => wrap(2, text),
    bold: (text) => wrap(1, text),
    red: (text) => wrap(31, text),
  };
}
