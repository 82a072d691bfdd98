/**
 * Merges a profile into the one it extends. Steps merge by id and then by key, `null` removes one;
 * lists, conditions and queries are replaced as a whole. Every value keeps its own place. Pure.
 */

import { textOf } from './located.ts';

import type { Problem } from '../model/errors.ts';
import type { Entry, Located, LocatedMap } from './located.ts';

export type Merged = {
  readonly root: LocatedMap;
  readonly problems: readonly Problem[];
  /** Steps that some profile of the chain removed, with the file that did. */
  readonly removed: ReadonlyMap<string, string>;
};

/** Keys that belong to one file and are not handed down. */
const OWN = Object.freeze(['profile', 'extends', 'description']);

/** Merges a chain of profiles, the one that extends nothing first. The chain is not empty. */
export function mergeProfiles(chain: readonly LocatedMap[]): Merged {
  const problems: Problem[] = [];
  const removed = new Map<string, string>();
  let merged: LocatedMap | undefined;
  for (const profile of chain) {
    const entries = new Map<string, Entry>();
    for (const [key, entry] of merged?.entries ?? []) {
      if (!OWN.includes(key)) entries.set(key, entry);
    }
    for (const [key, entry] of profile.entries) {
      const before = entries.get(key);
      if (key === 'steps') entries.set(key, mergeSteps(before, entry, removed, problems));
      else if (key === 'defaults') entries.set(key, mergeEntry(before, entry, 2));
      else entries.set(key, entry);
    }
    merged = { kind: 'map', at: profile.at, entries };
  }
  return { root: merged!, problems, removed };
}

function mergeSteps(
  before: Entry | undefined,
  entry: Entry,
  removed: Map<string, string>,
  problems: Problem[],
): Entry {
  if (entry.value.kind !== 'map') return entry;
  const steps = new Map(before?.value.kind === 'map' ? before.value.entries : []);
  for (const [id, step] of entry.value.entries) {
    if (!isNull(step.value)) {
      steps.set(id, mergeStep(steps.get(id), step));
      removed.delete(id);
    } else if (steps.delete(id)) {
      removed.set(id, step.key.file);
    } else {
      const message = `null removes the step '${id}', but there is none of that name in what is extended`;
      problems.push({ code: 'BAD_VALUE', ...step.key, message });
    }
  }
  return { key: entry.key, value: { ...entry.value, entries: steps } };
}

function mergeStep(before: Entry | undefined, entry: Entry): Entry {
  if (before?.value.kind !== 'map' || entry.value.kind !== 'map') return entry;
  const inherited = new Map(before.value.entries);
  const uses = entry.value.entries.get('uses');
  // Options of one kind mean nothing to another.
  if (uses !== undefined && textOf(uses.value) !== textOf(inherited.get('uses')?.value)) {
    inherited.delete('with');
  }
  const entries = new Map(inherited);
  for (const [key, own] of entry.value.entries) {
    if (key === 'with') entries.set(key, mergeOptions(inherited.get(key), own));
    else if (key === 'retry' || key === 'alert') {
      entries.set(key, mergeEntry(inherited.get(key), own, 1));
    } else entries.set(key, own);
  }
  return { key: entry.key, value: { ...entry.value, entries } };
}

/** Options merge by name; `null` removes an inherited one. */
function mergeOptions(before: Entry | undefined, entry: Entry): Entry {
  if (before?.value.kind !== 'map' || entry.value.kind !== 'map') return entry;
  const entries = new Map(before.value.entries);
  for (const [key, own] of entry.value.entries) {
    if (isNull(own.value) && before.value.entries.has(key)) entries.delete(key);
    else entries.set(key, own);
  }
  return { key: entry.key, value: { ...entry.value, entries } };
}

/** Mappings merge by key, down to a depth; anything else replaces. */
function mergeEntry(before: Entry | undefined, entry: Entry, depth: number): Entry {
  if (depth === 0 || before?.value.kind !== 'map' || entry.value.kind !== 'map') return entry;
  const entries = new Map(before.value.entries);
  for (const [key, own] of entry.value.entries) {
    entries.set(key, mergeEntry(entries.get(key), own, depth - 1));
  }
  return { key: entry.key, value: { ...entry.value, entries } };
}

function isNull(located: Located): boolean {
  return located.kind === 'scalar' && located.value === null;
}
