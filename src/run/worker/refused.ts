/** Tells of orders that were refused: each in the worker's log, the first one to whoever listens too. */

import type { Refused } from '../../orders/guard.ts';
import type { Tell } from '../project-events.ts';
import type { Log } from './worker-log.ts';

/** Whoever is refused must not be able to fill a disk. */
const MOST_LOGGED = 100;
const LONGEST_NAME = 200;

/** For `onRefused` of a worker's orders. */
export function tellOfRefused(log: Log, tell: Tell): (refused: Refused) => void {
  let count = 0;
  return ({ activity, why, execution }) => {
    count += 1;
    if (count === 1) tell({ type: 'refused', why });
    if (count > MOST_LOGGED) return;
    log('WARN', 'refused an order that no command gave', {
      activity,
      why,
      workflow: execution?.workflowId.slice(0, LONGEST_NAME),
      execution: execution?.runId,
    });
  };
}
