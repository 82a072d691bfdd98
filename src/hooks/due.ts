/**
 * What is still to be told, as files of the state folder: one for each end of a run that has hooks. May import os, model and
 * the definition (its references); lint holds that.
 *
 * 1. It is written before the end of the run is recorded, and is due once that is. So a kill loses none: what was
 *    prepared counts as soon as the record says closed, whoever looks.
 * 2. It says of each hook whether it was sent, and goes when all were, or were given up. What became of them then stands
 *    in the run's own folder.
 * 3. References stay as they are written: no secret lies here.
 */

import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { replaceFile, sweepTemporary, syncFolder } from '../os/atomic.ts';
import { makeOwnFolder } from '../os/own-folder.ts';

import type { EndedRun } from '../model/hook-message.ts';
import type { Hook } from '../model/hook.ts';

/** One hook of an ended run, and how far it came. */
export type DueHook = {
  readonly hook: Hook;
  readonly key: string;
  readonly state: 'waiting' | 'sent' | 'given up';
  readonly tries: number;
  /** Not before. */
  readonly nextAtMs: number;
  /** Why the last try failed. */
  readonly error?: string;
  /** When it was sent or given up. */
  readonly doneAtMs?: number;
};

export type Due = {
  readonly run: EndedRun;
  readonly generation: number;
  readonly endedAtMs: number;
  readonly hooks: readonly DueHook[];
};

/** What became of a hook, for people. */
export type HookNote = {
  readonly hook: string;
  readonly event: string;
  readonly state: DueHook['state'];
  readonly tries: number;
  readonly error?: string;
  readonly at?: string;
};

export type DueHooks = {
  /** Writes down what will be due. */
  prepare(due: Due): Promise<void>;
  /** What was prepared is due, for the end of the run is recorded. */
  isDue(due: Due): Promise<void>;
  /** Names of what is due; and of what was prepared by processes that did not come to say so. */
  list(): Promise<{ readonly due: readonly string[]; readonly prepared: readonly string[] }>;
  /** Undefined: somebody else has finished it. */
  read(name: string): Promise<Due | undefined>;
  readPrepared(name: string): Promise<Due | undefined>;
  /** Makes one due that was prepared. */
  promote(name: string): Promise<void>;
  /** Drops one whose run was never ended that way. */
  drop(name: string): Promise<void>;
  write(name: string, due: Due): Promise<void>;
  /** Nothing of it is waiting any more. */
  finish(name: string, due: Due): Promise<void>;
  /** Path for the lease of one. */
  leaseOf(name: string): string;
};

/** What waits to be told lies in `<state folder>/hooks`, made when there is something. */
export function openDueHooks(stateDir: string): DueHooks {
  const folder = join(stateDir, 'hooks');
  const [due, prepared, leases] = ['due', 'prepared', 'leases'].map((name) => join(folder, name));
  const at = (place: string | undefined, name: string): string => join(place ?? folder, name);
  const save = (path: string, value: Due): Promise<void> =>
    replaceFile(path, `${JSON.stringify(value, null, 2)}\n`, { sync: true });

  return {
    prepare: async (value) => {
      for (const place of [folder, due, prepared, leases]) makeOwnFolder(place!);
      for (const place of [due, prepared]) await sweepTemporary(place!);
      await save(at(prepared, nameOf(value)), value);
      await syncFolder(prepared!);
    },
    isDue: async (value) => {
      const name = nameOf(value);
      await rename(at(prepared, name), at(due, name)).catch(unlessGone);
    },
    list: async () => ({ due: await namesIn(due!), prepared: await namesIn(prepared!) }),
    read: (name) => read(at(due, name)),
    readPrepared: (name) => read(at(prepared, name)),
    promote: (name) => rename(at(prepared, name), at(due, name)).catch(unlessGone),
    drop: (name) => rm(at(prepared, name), { force: true }),
    write: (name, value) => save(at(due, name), value),
    finish: async (name, value) => {
      await note(stateDir, value);
      await rm(at(due, name), { force: true });
    },
    leaseOf: (name) => at(leases, name),
  };
}

/** What is known of the hooks of a run: those that are done, then those that wait. */
export async function readHookNotes(stateDir: string, runId: string): Promise<readonly HookNote[]> {
  const done = await readNotes(notesOf(stateDir, runId));
  const folder = join(stateDir, 'hooks', 'due');
  const waiting: HookNote[] = [];
  for (const name of await namesIn(folder)) {
    if (!name.startsWith(`${runId}.`)) continue;
    const value = await read(join(folder, name));
    if (value?.run.run_id === runId) waiting.push(...value.hooks.map(noteOf));
  }
  return [...done, ...waiting];
}

/** One file for each end of a run: a run that is gone on with ends again. */
function nameOf({ run, generation }: Due): string {
  return `${run.run_id}.${generation}.json`;
}

async function read(path: string): Promise<Due | undefined> {
  const text = await readFile(path, 'utf8').catch(unlessGone);
  return text === undefined ? undefined : (JSON.parse(text) as Due);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder).catch(unlessGone)) ?? [];
  return names.filter((name) => name.endsWith('.json')).sort();
}

async function note(stateDir: string, { run, hooks }: Due): Promise<void> {
  const path = notesOf(stateDir, run.run_id);
  await mkdir(join(stateDir, 'runs', run.run_id), { recursive: true });
  const notes = [...(await readNotes(path)), ...hooks.map(noteOf)];
  await replaceFile(path, `${JSON.stringify(notes, null, 2)}\n`);
}

function notesOf(stateDir: string, runId: string): string {
  return join(stateDir, 'runs', runId, 'hooks.json');
}

async function readNotes(path: string): Promise<readonly HookNote[]> {
  const text = await readFile(path, 'utf8').catch(unlessGone);
  return text === undefined ? [] : (JSON.parse(text) as readonly HookNote[]);
}

function noteOf({ hook, state, tries, error, doneAtMs }: DueHook): HookNote {
  return {
    hook: hook.id,
    event: hook.on,
    state,
    tries,
    ...(error === undefined ? {} : { error }),
    ...(doneAtMs === undefined ? {} : { at: new Date(doneAtMs).toISOString() }),
  };
}

function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
