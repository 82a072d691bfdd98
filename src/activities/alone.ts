/**
 * Of equal work in one process only one is done at a time: who comes later waits, and finds the result. Equal is what has
 * one fingerprint, whatever run it is for. Between processes both work, and the first result counts.
 */

import { aborted } from './aborted.ts';

/** What is worked on, by the store that it is for: until when. */
const goingOn = new WeakMap<object, Map<string, Promise<void>>>();

export type Turn = {
  /** Somebody else was at it: look again. */
  readonly waited: boolean;
  end(): void;
};

/** Waits until nobody works on this any more, and takes it. @throws the signal's reason */
export async function takeAlone(
  store: object,
  fingerprint: string,
  signal: AbortSignal,
  onWait: () => void,
): Promise<Turn> {
  const working = goingOn.get(store) ?? new Map<string, Promise<void>>();
  goingOn.set(store, working);
  let waited = false;
  for (let other = working.get(fingerprint); other !== undefined;) {
    if (!waited) onWait();
    waited = true;
    await Promise.race([other, aborted(signal)]);
    other = working.get(fingerprint);
  }
  let end: () => void = () => undefined;
  working.set(fingerprint, new Promise((resolve) => (end = resolve)));
  return {
    waited,
    end: () => {
      working.delete(fingerprint);
      end();
    },
  };
}
