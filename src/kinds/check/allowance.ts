/** How many rows may break a rule: its `at_most`. Pure. */

import { exactNumber, floorAt } from './exact-number.ts';
import { StepError } from '../../model/step-error.ts';

/** True if `broken` of `judged` rows are allowed. Without `atMost` none is. @throws StepError BAD_OPTION */
export function isAllowed(
  atMost: number | string | undefined,
  broken: number,
  judged: number,
): boolean {
  if (atMost === undefined || broken === 0) return broken === 0;
  if (typeof atMost === 'number' && Number.isInteger(atMost) && atMost >= 0)
    return broken <= atMost;
  const share = typeof atMost === 'string' ? /^(\d{1,3}(?:\.\d{1,6})?)\s?%$/.exec(atMost) : null;
  if (share === null) {
    throw new StepError(
      'BAD_OPTION',
      `at_most: ${JSON.stringify(atMost)} is neither a number of rows nor a share such as '0.5%'`,
    );
  }
  // In millionths of a percent, so that 0.1% of 1000 rows is one row.
  const { units } = floorAt(exactNumber(share[1]!)!, 6);
  return BigInt(broken) * 100_000_000n <= units * BigInt(judged);
}

/** `, at most 5% may` for messages. */
export function allowanceWords(atMost: number | string | undefined): string {
  if (atMost === undefined) return '';
  return typeof atMost === 'number'
    ? `, at most ${atMost} may`
    : `, at most ${atMost.replace(' ', '')} may`;
}
