/** Notices that the embedded engine's process is gone, while something relies on it. */

import { UserError } from '../../model/errors.ts';

const LOOK_EVERY_MS = 500;

/** Calls `onGone` once when it is. Answers how to stop looking; without `isUp` there is nothing to look at. */
export function watchEngine(isUp: (() => boolean) | undefined, onGone: () => void): () => void {
  if (isUp === undefined) return () => undefined;
  let missed = 0;
  const timer = setInterval(() => {
    // Twice in a row: one look that fails for another reason must not end a run of hours.
    missed = isUp() ? 0 : missed + 1;
    if (missed === 2) onGone();
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

/** What `work` answers, unless the engine is gone before. @throws UserError ENGINE_LOST */
export async function whileUp<T>(isUp: (() => boolean) | undefined, work: Promise<T>): Promise<T> {
  let unwatch: (() => void) | undefined;
  const gone = new Promise<never>((_, reject) => {
    const lost = new UserError('ENGINE_LOST', 'the engine has ended', {
      exitCode: 3,
      hint: 'Every finished step is kept; give the same command again.',
    });
    unwatch = watchEngine(isUp, () => reject(lost));
  });
  try {
    return await Promise.race([work, gone]);
  } finally {
    unwatch?.();
  }
}
