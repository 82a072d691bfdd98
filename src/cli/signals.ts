/** Ctrl-C cancels, a second one leaves; SIGTERM and SIGHUP suspend: children stop, the run stays open. */

import type { Environment } from './settings.ts';

export type Signals = {
  /** Aborted by the first Ctrl-C. */
  readonly cancel: AbortSignal;
  /** Aborted when the process is to leave with the run open. */
  readonly suspend: AbortSignal;
  /** Takes the process' signals over; until then each ends it, as ever. Harmless when repeated. */
  listen(): void;
  /** What is over is told nothing more: from here on the process' signals, if they were taken over, do nothing. */
  stop(): void;
};

/** True if whoever started the command had SIGHUP ignored (nohup). Node undoes that, so the launcher tells it. */
export function ignoresHup(env: Environment): boolean {
  return env['BUILDER_IGNORES_HUP'] === '1';
}

/** The signals of this process as orders to a run; SIGHUP is none under nohup. */
export function makeSignals(env: Environment): Signals {
  const cancel = new AbortController();
  const suspend = new AbortController();
  const tell = (order: AbortController): void => {
    if (!isOver) order.abort();
  };
  const onInt = (): void => tell(cancel.signal.aborted ? suspend : cancel);
  const onTerm = (): void => tell(suspend);
  let isListening = false;
  let isOver = false;
  return {
    cancel: cancel.signal,
    suspend: suspend.signal,
    listen: () => {
      if (isListening) return;
      isListening = true;
      process.on('SIGINT', onInt);
      process.on('SIGTERM', onTerm);
      if (!ignoresHup(env)) process.on('SIGHUP', onTerm);
    },
    // Given back, they would end the process before it has left with its own code.
    stop: () => {
      isOver = true;
    },
  };
}
