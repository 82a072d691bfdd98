/** An ended run, its hooks, and a sender over a temporary state folder with a clock that can be moved on. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeRedactor } from '../../src/activities/redactor.ts';
import { openDueHooks } from '../../src/hooks/due.ts';
import { makeSender } from '../../src/hooks/sender.ts';

import type { Due, DueHook, DueHooks } from '../../src/hooks/due.ts';
import type { Sender } from '../../src/hooks/sender.ts';
import type { EndedRun } from '../../src/model/hook-message.ts';
import type { Hook } from '../../src/model/hook.ts';

export const ENDED_MS = Date.UTC(2026, 0, 31, 3, 15);

export const RUN: EndedRun = {
  version: 1,
  text: 'FAIL  sales-1  1 FAIL  in 2s\ngo on     builder_cli resume sales-1',
  job: 'sales',
  profile: 'nightly',
  partition: '2026-01',
  run_id: 'sales-1',
  status: 'FAIL',
  started_at: '2026-01-31T03:14:58.000Z',
  finished_at: '2026-01-31T03:15:00.000Z',
  duration_ms: 2000,
  failures: [],
  out: '/data/out',
  log: '/state/runs/sales-1',
  resume: 'builder_cli resume sales-1',
  url: null,
};

/** A post of plain JSON. */
export function httpHook(url: string, more: Partial<Hook> & { readonly id?: string } = {}): Hook {
  return {
    id: 'builder.yaml on_failure 1',
    on: 'failure',
    timeoutMs: 10_000,
    http: { url, method: 'POST', headers: {}, content: { format: 'json' } },
    ...more,
  };
}

export function dueOf(hooks: readonly Hook[], run: Partial<EndedRun> = {}): Due {
  return {
    run: { ...RUN, ...run },
    generation: 1,
    endedAtMs: ENDED_MS,
    hooks: hooks.map((hook, i): DueHook => ({
      hook,
      key: `${run.run_id ?? RUN.run_id}.1.${i}`,
      state: 'waiting',
      tries: 0,
      nextAtMs: 0,
    })),
  };
}

export type World = {
  readonly stateDir: string;
  readonly due: DueHooks;
  readonly sender: Sender;
  readonly said: string[];
  /** Jobs, one for each try that failed. */
  readonly failures: string[];
  /** How the runs ended that were prepared for, by id; `recorded` where nothing else is said. */
  readonly ends: Map<string, 'recorded' | 'open' | 'gone'>;
  /** Moves the clock on. */
  pass(ms: number): void;
  /** Writes it down as one whose end is recorded. */
  add(due: Due): Promise<void>;
  /** Another process of the same state folder. */
  another(): Sender;
};

/** A state folder, and a sender with the secret TOKEN. */
export async function withSender(
  work: (world: World) => Promise<void>,
  secrets: Readonly<Record<string, string>> = {},
): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'builder-hooks-'));
  // It goes on by itself, so that waits end.
  let ahead = ENDED_MS - Date.now();
  const due = openDueHooks(stateDir);
  const said: string[] = [];
  const failures: string[] = [];
  const ends: World['ends'] = new Map();
  const made: Sender[] = [];
  const another = (): Sender => {
    const sender = makeSender({
      due,
      env: { PATH: process.env['PATH'] },
      now: () => Date.now() + ahead,
      secret: (name) => secrets[name],
      redact: (text, values) => makeRedactor(values).text(text),
      endOf: async ({ run }) => ends.get(run.run_id) ?? 'recorded',
      say: (line) => void said.push(line),
      onFailure: (job) => void failures.push(job),
    });
    made.push(sender);
    return sender;
  };
  try {
    await work({
      ...{ stateDir, due, said, failures, ends, another },
      sender: another(),
      pass: (ms) => void (ahead += ms),
      add: async (value) => {
        await due.prepare(value);
        await due.isDue(value);
      },
    });
  } finally {
    await Promise.all(made.map((sender) => sender.close()));
    await rm(stateDir, { recursive: true });
  }
}
