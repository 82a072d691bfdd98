/** How a run that goes on is listened to and stopped, without any signal of a process. */

import type { Tell } from './project-events.ts';

export type RunControl = {
  readonly tell: Tell;
  /** Cancels the run: its running steps are stopped, it ends CANCELLED. */
  readonly cancel?: AbortSignal | undefined;
  /** Leaves the run: its steps are given back, it stays open for `resume`. */
  readonly suspend?: AbortSignal | undefined;
  /** Leave the run to the workers of its service once it is begun; one of them that delivers records its end. */
  readonly detach?: boolean | undefined;
  /** How long to wait for a last scrape; absent: as the project says. */
  readonly linger?: 'auto' | number | undefined;
  /** Runs that may go on at once in this process, this one included: they share what it may use. Default 1. */
  readonly beside?: number | undefined;
  /**
   * Its attempts are heard of by heartbeats with the embedded engine, too: where workers come and go beside each other
   * in one process, a task may get lost on its way to one of them, and nobody else would notice.
   */
  readonly heartbeats?: boolean | undefined;
};

export type Stops = {
  readonly isCancelled: boolean;
  readonly isSuspended: boolean;
  /** Called at the cancel, at once if it has come already. One listener, the latest. */
  onCancel(listener: () => void): void;
  readonly suspended: Promise<'suspended'>;
  /** Listens no more: who stops runs may live longer than they. */
  end(): void;
};

/** Listens until `end`. `onFirstCancel` is called once, before any listener. */
export function listenForStops({
  cancel,
  suspend,
  onFirstCancel,
}: Pick<RunControl, 'cancel' | 'suspend'> & { readonly onFirstCancel?: () => void }): Stops {
  let listener: (() => void) | undefined;
  let leave: (value: 'suspended') => void = () => undefined;
  const suspended = new Promise<'suspended'>((resolve) => (leave = resolve));
  const onCancel = (): void => {
    onFirstCancel?.();
    listener?.();
  };
  const onSuspend = (): void => leave('suspended');
  cancel?.addEventListener('abort', onCancel);
  suspend?.addEventListener('abort', onSuspend);
  if (cancel?.aborted === true) onFirstCancel?.();
  if (suspend?.aborted === true) onSuspend();
  return {
    get isCancelled() {
      return cancel?.aborted === true;
    },
    get isSuspended() {
      return suspend?.aborted === true;
    },
    onCancel: (next) => {
      listener = next;
      if (cancel?.aborted === true) next();
    },
    suspended,
    end: () => {
      cancel?.removeEventListener('abort', onCancel);
      suspend?.removeEventListener('abort', onSuspend);
    },
  };
}
