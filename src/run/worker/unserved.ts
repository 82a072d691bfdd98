/** How long open runs of a service have waited for somebody to poll their task queue: looked at every ten seconds. */

import { isServed } from './queues.ts';

import type { RunRecords } from '../../store/run-records.ts';
import type { Session } from './session.ts';

/** A queue that an open run waits in, and since when. */
export type Awaited = { readonly taskQueue: string; readonly sinceMs: number };

const LOOK_EVERY_MS = 10_000;

/** Looks now and then, and lets the session's exporter show what it sees. Answers how to stop. */
export function watchUnserved(
  session: Session,
  awaited: () => Promise<readonly Awaited[]>,
): () => void {
  if (session.engine.kind !== 'service' || session.metrics.url === undefined)
    return () => undefined;
  const queues = makeUnserved({ awaited, isServed: (queue) => isServed(session, queue) });
  const unwatch = session.metrics.watchQueues(queues.ages);
  const look = (): void => void queues.look().catch(() => undefined);
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  look();
  return () => {
    clearInterval(timer);
    unwatch();
  };
}

/** What is known of queues that nobody polls. */
export function makeUnserved({
  awaited,
  isServed: asked,
  now = Date.now,
}: {
  readonly awaited: () => Promise<readonly Awaited[]>;
  readonly isServed: (taskQueue: string) => Promise<boolean>;
  readonly now?: () => number;
}): {
  /** @throws as what it asks does; what was known stays */
  look(): Promise<void>;
  /** Seconds, by queue. */
  ages(): ReadonlyMap<string, number>;
} {
  let unserved = new Map<string, number>();
  /** When somebody was last seen to poll it. */
  const servedMs = new Map<string, number>();
  return {
    look: async () => {
      const waiting = new Map<string, number>();
      for (const { taskQueue, sinceMs } of await awaited()) {
        waiting.set(taskQueue, Math.min(sinceMs, waiting.get(taskQueue) ?? Infinity));
      }
      const next = new Map<string, number>();
      for (const [queue, sinceMs] of waiting) {
        if (await asked(queue)) servedMs.set(queue, now());
        else next.set(queue, Math.max(sinceMs, servedMs.get(queue) ?? 0));
      }
      unserved = next;
    },
    ages: () => new Map([...unserved].map(([queue, sinceMs]) => [queue, (now() - sinceMs) / 1000])),
  };
}

/** The queues of the open runs of a state folder that were started on this engine. */
export function queuesOfOpenRuns(
  records: Pick<RunRecords, 'list'>,
  { address, namespace }: Session['engine'],
): () => Promise<readonly Awaited[]> {
  return async () => {
    const open = await records.list({ where: ({ open: isOpen }) => isOpen });
    return open.flatMap(({ task_queue: taskQueue, engine, started_at }) =>
      taskQueue !== undefined && engine?.address === address && engine.namespace === namespace
        ? [{ taskQueue, sinceMs: Date.parse(started_at) }]
        : [],
    );
  };
}
