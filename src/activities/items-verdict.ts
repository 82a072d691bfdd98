/** What the ends of a step's items mean for the step: the result may be made, with which words; or it fails, and why. Pure. */

import { boundText } from '../model/bounded-text.ts';
import { GATES } from '../model/error-codes.ts';
import { allowedOf, failedOf, MOST_NAMED } from '../model/items.ts';
import { isFailure, isSuccess } from '../model/outcome.ts';
import { StepError } from '../model/step-error.ts';

import type { ErrorCode } from '../model/error-codes.ts';
import type { ItemCounts, ItemsEnd } from '../model/outcome.ts';
import type { Foreach } from '../model/plan.ts';
import type { ItemEnd } from '../model/step-result.ts';

/** Bytes of an item and of what is said of it, in an outcome. */
const MOST_BYTES = Object.freeze({ item: 80, reason: 160 });

export type ItemsVerdict = {
  readonly items: ItemsEnd;
  readonly warning?: string;
  readonly failedChecks?: readonly string[];
};

/** @throws StepError where more failed than may */
export function judgeItems(
  foreach: Foreach,
  ends: readonly ItemEnd[],
  { total, textOf }: { readonly total: number; readonly textOf: (index: number) => string },
): ItemsVerdict {
  const counts = countsOf(ends);
  const failed = ends.filter(({ status }) => isFailure(status));
  const named = failed.slice(0, MOST_NAMED).map(({ index, status, code, reason, log }) => ({
    index,
    item: boundText(textOf(index), MOST_BYTES.item),
    status,
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason: boundText(reason, MOST_BYTES.reason) }),
    ...(log === undefined ? {} : { log }),
  }));
  const items = { total, counts, ...(named.length === 0 ? {} : { failed: named }) };
  const allowed = allowedOf(foreach, total);
  const left = total - ends.filter(({ status }) => isSuccess(status)).length;
  const first = (of: readonly ItemEnd[]): string =>
    of[0] === undefined
      ? ''
      : `; the first is ${boundText(textOf(of[0].index), MOST_BYTES.item)}: ${of[0].reason ?? of[0].status}`;
  // Those that were not begun any more are left over by a failure.
  if (failedOf(counts) > allowed || left > failed.length || failed.length === total) {
    const may = allowed === 0 ? '' : `, ${allowed} may (allow_failed)`;
    throw new StepError(
      codeOf(failed),
      `${failed.length} of ${total} items failed${may}${first(failed)}`,
      { items, exitCode: exitCodeOf(failed), ...checksOf(failed) },
    );
  }
  const warned = ends.filter(({ status }) => status === 'WARN');
  const words = [
    ...(failed.length === 0
      ? []
      : [`${failed.length} of ${total} items failed and are left out${first(failed)}`]),
    ...(warned.length === 0
      ? []
      : [`${warned.length} of ${total} items ended WARN${first(warned)}`]),
  ];
  return {
    items,
    ...(words.length === 0 ? {} : { warning: words.join('; ') }),
    ...checksOf([...failed, ...warned]),
  };
}

function countsOf(ends: readonly ItemEnd[]): ItemCounts {
  const counts: Partial<Record<ItemEnd['status'], number>> = {};
  for (const { status } of ends) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** The items' own where all failed of one thing. */
function codeOf(failed: readonly ItemEnd[]): ErrorCode {
  if (failed.length > 0 && failed.every(({ status }) => status === 'TIMEOUT')) {
    return 'STEP_TIMEOUT';
  }
  const isGate = failed.length > 0 && failed.every(({ code = '' }) => GATES.has(code));
  return isGate ? 'CHECK_FAILED' : 'ITEMS_FAILED';
}

function exitCodeOf(failed: readonly ItemEnd[]): number | undefined {
  const codes = new Set(failed.map(({ exitCode }) => exitCode));
  const [only] = codes;
  return codes.size === 1 ? only : undefined;
}

function checksOf(ends: readonly ItemEnd[]): { readonly failedChecks?: readonly string[] } {
  const names = [...new Set(ends.flatMap(({ failedChecks = [] }) => failedChecks))];
  return names.length === 0 ? {} : { failedChecks: names };
}
