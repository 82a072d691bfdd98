/** Ends a process whose command is done with its own exit code, whatever still holds it and whatever signal comes. */

/** What a command left to do in the background, such as the last lines of a log, has so long. */
const REST_MS = 1_000;

/**
 * Ends the process with `process.exitCode` as soon as nothing is left to do, and after a while if something is. The
 * SDK starts threads before it can fail, and offers no way to end them: after a worker that could not be made they
 * would hold the process for ever, with its lock of --out and its metrics port.
 */
export function leave(streams: readonly NodeJS.WriteStream[]): void {
  let isEnding = false;
  // What was written before an empty write has left when that one is done, or cannot leave any more.
  const endNow = async (): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    await Promise.all(
      streams.map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
    );
    process.exit();
  };
  // A signal has nothing left to stop, and changes the code no more, however often it comes.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => void endNow());
  setTimeout(() => void endNow(), REST_MS).unref();
  // Left to itself, node gives the signals back to the system and only then takes its heap and its threads apart:
  // for milliseconds a signal would kill a process that has told how its run ended. `process.exit` gives none back.
  process.once('beforeExit', () => process.exit());
}
