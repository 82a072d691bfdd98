/** Ctrl-C cancels, a second one leaves; SIGTERM and SIGHUP suspend: children stop, the run stays open. */

export type Signals = {
  /** True after the first Ctrl-C. */
  readonly interrupted: boolean;
  /** Called at the first Ctrl-C. */
  onInterrupt(listener: () => void): void;
  /** Settles when the process is to leave with the run open. */
  readonly suspended: Promise<'suspended'>;
  stop(): void;
};

/** Takes over the process' signals until `stop`. */
export function listenForSignals(): Signals {
  let interrupted = 0;
  let listener: (() => void) | undefined;
  let leave: (value: 'suspended') => void;
  const suspended = new Promise<'suspended'>((resolve) => (leave = resolve));
  const onInt = (): void => {
    interrupted += 1;
    if (interrupted > 1) return leave('suspended');
    listener?.();
  };
  const onTerm = (): void => leave('suspended');
  process.on('SIGINT', onInt);
  process.on('SIGTERM', onTerm);
  process.on('SIGHUP', onTerm);
  return {
    get interrupted() {
      return interrupted > 0;
    },
    onInterrupt: (next) => {
      listener = next;
      if (interrupted === 1) next();
    },
    suspended,
    stop: () => {
      process.off('SIGINT', onInt);
      process.off('SIGTERM', onTerm);
      process.off('SIGHUP', onTerm);
    },
  };
}
