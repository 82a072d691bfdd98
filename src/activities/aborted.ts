/** Waiting that ends with a signal. */

/** Rejects with the signal's reason, once it is given. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const tell = (): void => reject(signal.reason as Error);
    if (signal.aborted) tell();
    else signal.addEventListener('abort', tell, { once: true });
  });
}

/** What the work answers, unless the signal is given before: then nobody waits for it any more. @throws the signal's reason */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return Promise.race([work, aborted(signal)]);
}
