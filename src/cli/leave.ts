/** Ends a process whose command is done, whatever still holds it. */

/** What a command left to do in the background, such as the last lines of a log, has so long. */
const REST_MS = 1_000;

/**
 * Lets the process end by itself, and ends it with `process.exitCode` if it does not. The SDK starts threads before
 * it can fail, and offers no way to end them: after a worker that could not be made they would hold the process for
 * ever, with its lock of --out and its metrics port.
 */
export function leave(streams: readonly NodeJS.WriteStream[]): void {
  // A signal has nothing left to stop, and changes the code no more.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => void endNow(streams));
  }
  const timer = setTimeout(() => void endNow(streams), REST_MS);
  timer.unref();
}

/** What was written before an empty write has left the process when that one is done, or cannot leave any more. */
async function endNow(streams: readonly NodeJS.WriteStream[]): Promise<void> {
  await Promise.all(
    streams.map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
  );
  process.exit();
}
