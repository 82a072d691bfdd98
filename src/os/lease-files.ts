/**
 * The files of a lease, and what each says of its holder. Reads, judges, removes nothing.
 *
 * 1. `<path>.<token>` is the entry of one holder. Entries appear whole, and are never given to another holder.
 * 2. `<path>` and `<path>.takeover` are what earlier versions wrote; they count as entries of token 0.
 * 3. An entry of another user is believed nothing but its age.
 */

import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { temporaryName } from './atomic.ts';
import { stateOf } from './owner.ts';

import type { OldOwner, OwnerState } from './owner.ts';

/** What the holder says the lease is for. Empty for one whose word does not count. */
export type About = Readonly<Record<string, unknown>>;

export type Holder = {
  /** `released`: given back, its `about` left for who comes next. `foreign`: another user's. */
  readonly state: OwnerState | 'released' | 'foreign' | 'damaged';
  readonly token: number;
  readonly owner?: OldOwner;
  readonly about: About;
  /** Milliseconds until it may be taken whoever holds it; 0 or less: it has run out. */
  readonly leftMs: number;
  /** True if it may be taken now. */
  readonly isFree: boolean;
};

export type Entry = Holder & { readonly file: string; readonly text: string };

/** The filesystem's own clock, and this user as it knows it: a network may have another of each. */
export type Sight = { readonly nowMs: number; readonly uid: number };

/** Writes a new entry under a temporary name. */
export function draft(folder: string, text: string): Sight & { readonly file: string } {
  const file = temporaryName(folder);
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o644 });
    const { mtimeMs, uid } = statSync(file);
    return { file, nowMs: mtimeMs, uid };
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
}

/** What can be known of clock and user in a folder, also where it cannot be written. */
export function sightIn(folder: string): Sight {
  try {
    const { file, ...sight } = draft(folder, '');
    rmSync(file, { force: true });
    return sight;
  } catch {
    return { nowMs: Date.now(), uid: process.geteuid?.() ?? 0 };
  }
}

/**
 * Every entry of a lease, the highest token first. Read until the folder stands still: a look at one entry that ends
 * while the next begins could miss both.
 */
export function readEntries(path: string, sight: () => Sight, ttlMs: number): readonly Entry[] {
  for (;;) {
    const names = entryNames(path);
    const found = names.flatMap((name) =>
      readEntry(join(dirname(path), name), tokenOf(path, name), sight(), ttlMs),
    );
    if (found.length < names.length || entryNames(path).join() !== names.join()) continue;
    return found.toSorted((a, b) => b.token - a.token);
  }
}

function entryNames(path: string): readonly string[] {
  const name = basename(path);
  return namesIn(dirname(path)).filter(
    (entry) =>
      entry.startsWith(name) && /^(\.\d{1,15}|\.takeover|)$/.test(entry.slice(name.length)),
  );
}

function tokenOf(path: string, name: string): number {
  return Number(/\.(\d+)$/.exec(name.slice(basename(path).length))?.[1] ?? 0);
}

/** The entry that keeps others out, if one does. */
export function holdingOf(entries: readonly Entry[]): Entry | undefined {
  return entries.find(({ isFree }) => !isFree);
}

function readEntry(file: string, token: number, sight: Sight, ttlMs: number): Entry[] {
  const info = statSync(file, { throwIfNoEntry: false });
  if (info === undefined) return [];
  const text = readText(file);
  if (text === undefined) return [];
  const leftMs = ttlMs - (sight.nowMs - info.mtimeMs);
  const said = info.uid === sight.uid ? parseEntry(text) : FOREIGN;
  const needsTime = said.state === 'unknown' || said.state === 'foreign';
  const isFree = needsTime ? leftMs <= 0 : said.state !== 'alive';
  return [{ file, text, token, ...said, leftMs, isFree }];
}

const FOREIGN = Object.freeze({ state: 'foreign', about: Object.freeze({}) } as const);

/** Undefined if it is gone; nothing of one that may not be read. */
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : '';
  }
}

/** What an entry says: `{ owner, about, released? }`, or `{ pid, born, ... }` of an earlier version. */
function parseEntry(text: string): Pick<Entry, 'state' | 'about' | 'owner'> {
  const value = parseObject(text);
  if (value === undefined) return { state: 'damaged', about: {} };
  const { owner, about, released, pid, born, ...rest } = value;
  if (isOwner(owner)) {
    const state = released === true ? 'released' : stateOf(owner);
    return { state, owner, about: isObject(about) ? about : {} };
  }
  const old = { pid, born };
  if (!isOwner(old)) return { state: 'damaged', about: {} };
  return { state: old.pid === 0 ? 'released' : stateOf(old), owner: old, about: rest };
}

function isOwner(value: unknown): value is OldOwner {
  if (!isObject(value)) return false;
  return Number.isSafeInteger(value['pid']) && typeof value['born'] === 'string';
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function namesIn(folder: string): readonly string[] {
  try {
    // A folder of that name is of an earlier version, and a link is nobody's entry.
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}
