/** Ends servers: at once for the last user of an engine, patiently for a command that needs their place. */

import { setTimeout as pause } from 'node:timers/promises';

import { UserError } from '../model/errors.ts';
import { livingLeases } from './leases.ts';
import { describeOwner, stateOf } from '../os/owner.ts';
import {
  dropRecord,
  moveRecord,
  readServers,
  recordLeftMs,
  withdrawServer,
} from './server-records.ts';

import type { EnginePaths } from './engine-paths.ts';
import type { OldOwner } from '../os/owner.ts';
import type { ServerRecord } from './server-records.ts';

const POLL_MS = 10;
/** A server needs about a second after SIGTERM; on a busy machine a few. */
const ASK_AGAIN_MS = 3000;
const KILL_MS = 10_000;
const GIVE_UP_MS = 20_000;
/** A keeper writes the record within milliseconds; this is for a machine that hardly moves. */
const CLAIM_LIMIT_MS = 10_000;

/** Asks the engine to stop if nobody holds a lease. Returns at once, waits for nothing. */
export function stopUnneeded(paths: EnginePaths): void {
  for (const { id, state, record } of readServers(paths.servers)) {
    if (state !== 'running' || record === undefined) continue;
    if (livingLeases(paths.leases).length > 0) return;
    if (!moveRecord(paths.servers, id, 'running', 'stopping')) continue;
    if (livingLeases(paths.leases).length > 0) moveRecord(paths.servers, id, 'stopping', 'running');
    else signal(record, 'SIGTERM');
  }
}

/** Ends a server and waits until it is gone. `firmly`: it does not listen any more. */
export async function endServer(server: OldOwner, firmly = false): Promise<void> {
  signal(server, firmly ? 'SIGKILL' : 'SIGTERM');
  await gone(server);
}

/**
 * Brings the records in order: sees to the end of a server that is stopping, forgets dead ones, and decides
 * about those whose starter died half-way. The caller holds the engine's lock, so nobody else is starting one.
 */
export async function settleRecords({ leases, servers }: EnginePaths): Promise<void> {
  const giveUpAtMs = Date.now() + CLAIM_LIMIT_MS;
  for (;;) {
    let settled = true;
    for (const { id, state, record } of readServers(servers)) {
      if (state === 'starting') {
        // Either the keeper now finds nothing to claim, or it was quicker and is seen as claimed.
        withdrawServer(servers, id);
        settled = false;
      } else if (state === 'claimed' && Date.now() < giveUpAtMs) {
        settled = false;
      } else if (record === undefined || stateOf(record) === 'dead') {
        dropRecord(servers, id);
      } else if (stateOf(record) === 'unknown') {
        const leftMs = recordLeftMs(servers, id, state);
        if (leftMs > 0) throw isElsewhere(record, leftMs);
        dropRecord(servers, id);
      } else if (state === 'stopping') {
        // Nobody's work is on it, and its database survives a kill: better than a second of waiting.
        if (!livingLeases(leases).some(({ inUse }) => inUse)) signal(record, 'SIGKILL');
        await gone(record, () => isRunning(servers, id));
        settled = false;
      }
    }
    if (settled) return;
    await pause(POLL_MS);
  }
}

/** True if the one who asked it to stop saw a new lease and took that back. */
function isRunning(servers: string, id: string): boolean {
  return readServers(servers).some((entry) => entry.id === id && entry.state === 'running');
}

/** Waits for the end of a process that was asked to stop; asks again, then ends it. @throws UserError if even that fails. */
async function gone(server: OldOwner, isBack = (): boolean => false): Promise<void> {
  const startMs = Date.now();
  let asked = false;
  while (stateOf(server) === 'alive' && !isBack()) {
    const waitedMs = Date.now() - startMs;
    if (waitedMs > GIVE_UP_MS) throw doesNotEnd(server);
    if (waitedMs > KILL_MS) signal(server, 'SIGKILL');
    else if (waitedMs > ASK_AGAIN_MS && !asked) {
      asked = true;
      signal(server, 'SIGTERM');
    }
    await pause(POLL_MS);
  }
}

function isElsewhere(server: ServerRecord, leftMs: number): UserError {
  return new UserError(
    'STATE_DIR_BUSY',
    `the engine of this state folder is ${describeOwner(server)}, which cannot be seen from here; its lease runs out in ${Math.ceil(leftMs / 1000)} s unless it is renewed`,
    {
      hint: 'Wait for it, give each container a --state-dir of its own (they may share --store), or use a Temporal service.',
    },
  );
}

function doesNotEnd({ pid }: OldOwner): UserError {
  return new UserError('ENGINE_START_FAILED', `the old server (pid ${pid}) does not end`, {
    exitCode: 3,
    hint: `End process ${pid} and try again.`,
  });
}

function signal(server: OldOwner, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    if (stateOf(server) === 'alive') process.kill(server.pid, name);
  } catch {
    // It ended meanwhile.
  }
}
