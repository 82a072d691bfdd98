/** What a step is told of how others ended, as references name it. Pure. */

import { isFailure, runStatus } from './outcome.ts';

import type { Outcome, Status } from './outcome.ts';
import type { Mention } from './plan-nodes.ts';

/** How a step ended: `message` is the sentence that says why, where there is one. */
export type Heard = { readonly status: Status; readonly message?: string };

/** By step, in the plan's order. */
export type HeardSteps = Readonly<Record<string, Heard>>;

export function heardOf({ status, reason }: Outcome): Heard {
  return { status, ...(reason === undefined ? {} : { message: reason }) };
}

/** What a reference to an outcome says; undefined: nothing was heard of that step. */
export function saidBy(mention: Mention, heard: HeardSteps): string | undefined {
  if (mention.part === 'outcome') {
    const found = Object.hasOwn(heard, mention.step) ? heard[mention.step] : undefined;
    return mention.name === 'status' ? found?.status : found && (found.message ?? '');
  }
  if (mention.part !== 'run') return undefined;
  const failed = Object.entries(heard).filter(([, { status }]) => isFailure(status));
  switch (mention.name) {
    case 'status':
      return runStatus(Object.values(heard).map(({ status }) => status));
    case 'failed':
      return failed.map(([id]) => id).join(', ');
    case 'message':
      return failed
        .map(
          ([id, { status, message }]) =>
            `step '${id}' ended ${status}: ${message ?? 'no reason given'}`,
        )
        .join('; ');
  }
}
