/**
 * The file that says a server exists, and its life: `<id>.starting` (asked for), `.claimed` (the keeper is at it),
 * `.json` (running), `.stopping` (asked to end). The keeper removes it when the server is gone.
 * 1. Every server has its own id, so a late keeper never removes its successor's record.
 * 2. Who stops a server renames its record first and then looks at the leases once more; who wants it takes
 *    a lease first and then looks at the record. So one of the two always sees the other.
 */

import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { LEASE } from '../os/lease.ts';
import { sightIn } from '../os/lease-files.ts';
import { stateOf } from '../os/owner.ts';

import type { OldOwner } from '../os/owner.ts';

/** What the starter knows beforehand. */
export type ServerFacts = {
  readonly address: string;
  readonly uiUrl: string;
  readonly version: string;
  readonly binary: string;
};

export type ServerRecord = ServerFacts & OldOwner;

export type ServerState = 'starting' | 'claimed' | 'running' | 'stopping';

const SUFFIXES: Readonly<Record<ServerState, string>> = Object.freeze({
  starting: '.starting',
  claimed: '.claimed',
  running: '.json',
  stopping: '.stopping',
});

const STATES = Object.keys(SUFFIXES) as readonly ServerState[];

export type ServerEntry = {
  readonly id: string;
  readonly state: ServerState;
  /** Absent until it runs, and in a file that a power cut left empty. */
  readonly record?: ServerRecord;
};

/** Path of a server's record in a state. */
export function recordFile(folder: string, id: string, state: ServerState): string {
  return join(folder, id + SUFFIXES[state]);
}

/** Asks for a server: its keeper takes the file over, or gives up if the file is gone. */
export function announceServer(folder: string, id: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(recordFile(folder, id, 'starting'), '');
}

/** Every record there is, each in one state even if it changes while the folder is read. */
export function readServers(folder: string): readonly ServerEntry[] {
  for (;;) {
    const names = namesIn(folder);
    const entries = names.flatMap((name): ServerEntry[] => {
      const state = STATES.find((s) => name.endsWith(SUFFIXES[s]));
      if (state === undefined) return [];
      const id = name.slice(0, -SUFFIXES[state].length);
      const record = readRecord(join(folder, name));
      return [record === undefined ? { id, state } : { id, state, record }];
    });
    if (namesIn(folder).join() === names.join()) return entries;
  }
}

/** The server that runs and is not asked to stop. Its process lives; whether it answers is not checked. */
export function runningServer(
  folder: string,
): { readonly id: string; readonly record: ServerRecord } | undefined {
  for (const { id, state, record } of readServers(folder)) {
    if (state === 'running' && record !== undefined && stateOf(record) === 'alive')
      return { id, record };
  }
  return undefined;
}

/** Milliseconds until a server that cannot be seen from here counts as gone; its keeper renews its record. */
export function recordLeftMs(folder: string, id: string, state: ServerState): number {
  const info = statSync(recordFile(folder, id, state), { throwIfNoEntry: false });
  return info === undefined ? 0 : LEASE.ttlMs - (sightIn(dirname(folder)).nowMs - info.mtimeMs);
}

/** Takes back an announcement; a keeper that comes later gives up. */
export function withdrawServer(folder: string, id: string): void {
  rmSync(recordFile(folder, id, 'starting'), { force: true });
}

/** Moves a record from one state to another; false if it was not in the first. */
export function moveRecord(
  folder: string,
  id: string,
  from: ServerState,
  to: ServerState,
): boolean {
  try {
    renameSync(recordFile(folder, id, from), recordFile(folder, id, to));
    return true;
  } catch {
    return false;
  }
}

/** Forgets a server that is gone. */
export function dropRecord(folder: string, id: string): void {
  for (const state of STATES) {
    rmSync(recordFile(folder, id, state), { force: true });
  }
}

function readRecord(path: string): ServerRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ServerRecord;
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}
