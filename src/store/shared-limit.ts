/**
 * At most so many at once over everything that uses a store, whatever run, process or machine: a limit has places, each a
 * lease that one attempt holds.
 *
 * 1. Who finds none free stands in line, and takes the place that is free when it is the first: nobody is passed over.
 * 2. A place in line is a lease as well, so a dead process keeps nobody waiting longer than that.
 */

import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import type { Leases, StoreLease } from './leases.ts';

export type Limit = { readonly name: string; readonly most: number };

/** Folder of the leases of all limits. */
const LIMITS = 'limits';

/** Who waits in this process is told at once of a place that is given back here. */
const waiting = new WeakMap<object, Set<() => void>>();

/** A place of the limit. `onWait` is called once if there is none free at once. @throws the signal's reason */
export async function takePlace(
  leases: Leases,
  limit: Limit,
  { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: () => void },
): Promise<StoreLease> {
  const line = lineOf(limit.name);
  if ((await leases.heldLeases(line)).length === 0) {
    const place = await takeFree(leases, limit);
    if (place !== undefined) return place;
  }
  onWait();
  // By time, and told from others of the same moment.
  const mine = `${String(Date.now()).padStart(15, '0')}-${randomBytes(4).toString('hex')}`;
  const turn = await leases.takeLease(`${line}/${mine}`);
  if (turn === undefined) throw new Error('unreachable: no two have one name in a line');
  try {
    for (;;) {
      signal.throwIfAborted();
      const free = await freePlaces(leases, limit);
      if (free.length > 0) {
        const before = (await leases.heldLeases(line)).filter((name) => name < mine).length;
        const place = before < free.length ? await takeFree(leases, limit) : undefined;
        if (place !== undefined) return place;
      }
      await wokenOr(leases, leases.lookEveryMs * (0.75 + Math.random() / 2), signal);
    }
  } finally {
    await turn.release();
    wake(leases);
  }
}

/** A limit as it stands. */
export type LimitNow = {
  readonly name: string;
  /** Places that are held. */
  readonly held: number;
  /** Since the first in line came, as its clock says; absent: nobody waits. */
  readonly longestMs?: number;
};

/** The limits of which something is held or waited for, at most so many. */
export async function lookAtLimits(
  leases: Leases,
  nowMs: number,
  most: number,
): Promise<readonly LimitNow[]> {
  const names = (await leases.leaseFolders(LIMITS)).slice(0, most);
  const all = await Promise.all(
    names.map(async (name): Promise<LimitNow> => {
      const held = (await leases.heldLeases(placesOf(name))).length;
      const [first] = await leases.heldLeases(lineOf(name));
      const sinceMs = Number(first?.split('-')[0]);
      const waits = first === undefined ? {} : { longestMs: Math.max(0, nowMs - sinceMs) };
      return { name, held, ...waits };
    }),
  );
  return all.filter(({ held, longestMs }) => held > 0 || longestMs !== undefined);
}

function lineOf(name: string): string {
  return `${LIMITS}/${name}/line`;
}

function placesOf(name: string): string {
  return `${LIMITS}/${name}/places`;
}

async function freePlaces(leases: Leases, { name, most }: Limit): Promise<readonly string[]> {
  const held = new Set(await leases.heldLeases(placesOf(name)));
  return Array.from({ length: most }, (_, i) => String(i)).filter((place) => !held.has(place));
}

/** One that is free, unless others were quicker. */
async function takeFree(leases: Leases, limit: Limit): Promise<StoreLease | undefined> {
  for (const place of await freePlaces(leases, limit)) {
    const lease = await leases.takeLease(`${placesOf(limit.name)}/${place}`);
    if (lease === undefined) continue;
    return {
      lost: lease.lost,
      release: async () => {
        await lease.release();
        wake(leases);
      },
    };
  }
  return undefined;
}

function wake(leases: Leases): void {
  for (const tell of waiting.get(leases) ?? []) tell();
}

async function wokenOr(leases: Leases, ms: number, signal: AbortSignal): Promise<void> {
  const others = waiting.get(leases) ?? new Set();
  waiting.set(leases, others);
  const enough = new AbortController();
  const tell = (): void => enough.abort();
  others.add(tell);
  try {
    await pause(ms, undefined, { signal: AbortSignal.any([enough.signal, signal]) });
  } catch {
    signal.throwIfAborted();
  } finally {
    others.delete(tell);
  }
}
