/** The hooks of a project's runs: what is due when one ends, and the sender of what is due. Nothing here fails a run. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { makeRedactor } from '../activities/redactor.ts';
import { makeSecrets } from '../activities/secrets.ts';
import { openDueHooks } from '../hooks/due.ts';
import { makeSender } from '../hooks/sender.ts';
import { endedRun, isGoodStatus } from '../model/hook-message.ts';
import { endedBadlyBefore } from './earlier-run.ts';
import { listRuns, lookAtRecords } from './records.ts';

import type { Due } from '../hooks/due.ts';
import type { Hook } from '../model/hook.ts';
import type { RunRecord } from '../model/run-record.ts';
import type { Metrics } from '../metrics/open-metrics.ts';
import type { RunRecords } from '../store/run-records.ts';
import type { ProjectOptions } from './project-options.ts';
import type { Tell } from './project-events.ts';
import type { ProjectHooks, HookedEnd } from './hooks-port.ts';

/** So long a command waits for its hooks after it has said how the run ended. */
const WAIT_MS = 5_000;

/** What it needs of the project it is part of. */
type Around = {
  readonly options: ProjectOptions;
  /** Folder of a run's plan and logs. */
  folder(runId: string): string;
  records(): Promise<RunRecords>;
  metrics(tell: Tell): Promise<Pick<Metrics, 'hookFailed'>>;
};

/** Nothing is made before there is something to tell. */
export function makeProjectHooks(parts: Around, tell: Tell): ProjectHooks {
  const { stateDir, env = {}, secretsDir } = parts.options;
  const due = openDueHooks(stateDir);
  let serving = false;
  const say = (text: string): void => tell({ type: 'said', text });
  const sender = makeSender({
    due,
    env,
    now: Date.now,
    secret: makeSecrets({ env, dir: secretsDir }),
    redact: (text, secrets) => makeRedactor(secrets).text(text),
    endOf: (one) => endOf(stateDir, one),
    say,
    onFailure: () => void parts.metrics(tell).then((metrics) => metrics.hookFailed()),
  });
  const hasAny = (): boolean => existsSync(join(stateDir, 'hooks'));

  return {
    prepare: async (end) => {
      try {
        const value = await dueOf(parts, end);
        if (value === undefined) return undefined;
        await due.prepare(value);
        // What cannot be said now is found by the record.
        return () => due.isDue(value).catch(() => undefined);
      } catch (error) {
        say(`hooks     nobody can be told how the run ended: ${(error as Error).message}`);
        return undefined;
      }
    },
    adopt: async () => {
      if (hasAny()) await sender.adopt();
    },
    settle: async (stop) => {
      if (serving || !hasAny()) return;
      await Promise.race([sender.flush(WAIT_MS), aborted(stop)]);
    },
    start: (isServing = false) => {
      serving ||= isServing;
      if (serving || hasAny()) sender.start();
    },
    isServing: () => serving,
    close: () => sender.close(),
  };
}

async function dueOf(parts: Around, end: HookedEnd): Promise<Due | undefined> {
  const { plan, summary, hooks, endedAtMs, elapsedMs } = end;
  const { id: runId } = plan.run;
  if (hooks.length === 0 || summary.status === 'CANCELLED') return undefined;
  const records = await parts.records();
  const record = await records.read(runId);
  if (record === undefined) return undefined;
  const isGood = isGoodStatus(summary.status);
  const isWanted = (on: Hook['on']): boolean => hooks.some((hook) => hook.on === on);
  const events = new Set<Hook['on']>([isGood ? 'success' : 'failure']);
  if (isGood && isWanted('recovery') && (await endedBadlyBefore(records, record))) {
    events.add('recovery');
  }
  const wanted = hooks.filter(({ on }) => events.has(on));
  if (wanted.length === 0) return undefined;
  const { generation } = record;
  const run = endedRun({
    ...{ plan, summary, endedAtMs, elapsedMs },
    startedAt: record.started_at,
    ...placeOf(record, parts),
    url: end.uiUrl,
  });
  return {
    run,
    generation,
    endedAtMs,
    hooks: wanted.map((hook) => ({
      hook,
      key: keyOf(runId, generation, hook.id),
      state: 'waiting',
      tries: 0,
      nextAtMs: 0,
    })),
  };
}

/** Where the run is at home: a worker that tells its end has a state folder of its own. */
function placeOf(
  { run_id: runId, state_dir: stateDir }: RunRecord,
  { options, folder }: Pick<Around, 'options' | 'folder'>,
): { readonly stateDir: string; readonly folder: string } {
  if (stateDir === undefined || stateDir === options.stateDir) {
    return { stateDir: options.stateDir, folder: folder(runId) };
  }
  return { stateDir, folder: join(stateDir, 'runs', runId) };
}

/** The same for every try. A run that is gone on with ends once more, under its next generation. */
function keyOf(runId: string, generation: number, hook: string): string {
  const short = createHash('sha256').update(hook).digest('hex').slice(0, 8);
  return `${runId}.${generation}.${short}`;
}

async function endOf(stateDir: string, { run, generation }: Due) {
  const recorded = await lookAtRecords(stateDir);
  let record: RunRecord | undefined;
  try {
    const where = ({ id }: { readonly id: string }): boolean => id === run.run_id;
    record = (await listRuns(recorded, { limit: 1, where }))[0]?.record;
  } finally {
    for (const { store } of recorded) store.close();
  }
  if (record === undefined || record.generation > generation) return 'gone';
  return record.state === 'closed' ? 'recorded' : 'open';
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
