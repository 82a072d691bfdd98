/** Facts of runs for the tests of metrics, and what an exposition says of them. */

import { makeCounting } from '../../src/metrics/counting.ts';
import { makeTelemetry } from '../../src/metrics/telemetry.ts';
import { openMemoryStore } from '../../src/store/memory/memory-store.ts';

import type { Telemetry, TelemetryOptions } from '../../src/metrics/telemetry.ts';
import type { RunShape } from '../../src/model/events.ts';
import type { Status } from '../../src/model/outcome.ts';
import type { Fact, RunEntry } from '../../src/store/entries.ts';
import type { Store } from '../../src/store/store.ts';

export const newTelemetry = (options: TelemetryOptions = {}): Telemetry => makeTelemetry(options);

export type Process = {
  readonly telemetry: Telemetry;
  /** What happens in it. */
  add(...entries: readonly RunEntry[]): Promise<void>;
};

/** A process with an exporter on a store; on one of its own if none is given. */
export function processOn({
  store = memoryStore(),
  exporter = '9099',
  ...more
}: Partial<TelemetryOptions> & { readonly store?: Store } = {}): Process {
  const telemetry = makeTelemetry({ store, exporter, ...more });
  const counting = makeCounting({ store, counter: { telemetry, exporter } });
  return { telemetry, add: (...entries) => counting.add(entries) };
}

export function memoryStore(): Store {
  return openMemoryStore({ folder: '/nowhere' });
}

const about = (runId: string, atMs: number) => ({
  runId,
  generation: 1,
  job: 'sales',
  profile: 'nightly',
  atMs,
  exporter: '9099',
});

export function attempt(
  runId: string,
  atMs: number,
  more: Partial<Extract<Fact, { type: 'attempt' }>> = {},
): Fact {
  return {
    ...about(runId, atMs),
    type: 'attempt',
    step: 'clean',
    kind: 'transform.sql',
    attempt: 1,
    result: 'ok',
    durationMs: 1500,
    observed: true,
    rowsIn: 10,
    rowsOut: 9,
    ...more,
  };
}

export function outcome(runId: string, atMs: number, status: Status): Fact {
  return {
    ...about(runId, atMs),
    type: 'outcome',
    outcome: {
      step: 'clean',
      kind: 'transform.sql',
      status,
      attempts: 1,
      lost: 0,
      durationMs: 1500,
      elapsedMs: 1500,
      endedAtMs: atMs,
      ...(status === 'WARN' ? { failedChecks: ['not_null'] } : {}),
    },
  };
}

export function ended(runId: string, atMs: number, status: 'OK' | 'FAIL' | 'CANCELLED'): Fact {
  return {
    ...about(runId, atMs),
    type: 'run',
    status,
    startedAtMs: atMs - 2000,
    durationMs: 2000,
  };
}

export const shape: RunShape = {
  job: 'sales',
  profile: 'nightly',
  expectedEveryMs: 86_400_000,
  steps: [
    { id: 'clean', kind: 'transform.sql', core: true, p95Ms: 30_000, timeoutMs: 600_000 },
    { id: 'export', kind: 'export.dataset', core: false, timeoutMs: 600_000 },
  ],
};

export function began(runId: string, atMs: number, step = 'clean'): RunEntry {
  const { exporter: _, ...rest } = about(runId, atMs);
  return { ...rest, type: 'step', step, attempt: 1, began: true };
}

/** A run begins with these steps. */
export function startedWith(of: RunShape, runId: string, atMs: number): RunEntry {
  const { job, profile } = of;
  return { runId, generation: 1, job, profile, atMs, type: 'shape', shape: of };
}

/** Samples of our metrics as they are served: name with labels to value. */
export async function samples(telemetry: Telemetry): Promise<Record<string, number>> {
  const text = await telemetry.text();
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

/** Those that begin with a name, without it; labels as they are. */
export async function valuesOf(
  telemetry: Telemetry,
  name: string,
): Promise<Record<string, number>> {
  const all = Object.entries(await samples(telemetry));
  return Object.fromEntries(
    all
      .filter(([key]) => key.startsWith(`${name}{`))
      .map(([key, v]) => [key.slice(name.length), v]),
  );
}
