/**
 * Who scrapes a port, as far as it can be told: by address, and of one address by the connections that are open at
 * once, for each Prometheus keeps its own. Pure.
 *
 * 1. Two that look alike are one only if they never scrape while the other is connected.
 * 2. What is remembered of a port is given up after several runs without it, never after one.
 */

/** What a port is known to be scraped by, from one run to the next. */
export type PortMemory = {
  readonly scrapers: readonly {
    readonly address: string;
    readonly count: number;
    /** Runs in a row that ended without all of them. */
    readonly missed: number;
  }[];
  /** Runs in a row that waited for a scrape and saw none. */
  readonly inVain: number;
  /** When a run last waited. */
  readonly waitedMs?: number;
  /** When it was last made sure that there are no others. */
  readonly learnedMs?: number;
};

export const NEW_PORT: PortMemory = Object.freeze({ scrapers: [], inVain: 0 });

/** An answered scrape. */
export type Scrape = {
  readonly atMs: number;
  readonly address: string;
  /** The same object for all requests of a connection. */
  readonly connection: { readonly destroyed: boolean };
};

type Scraper = {
  readonly address: string;
  connection: Scrape['connection'];
  lastMs: number;
};

export type Scrapers = {
  note(scrape: Scrape): void;
  /** Those that were answered by a scrape that began after a moment, of each address. */
  since(ms: number): ReadonlyMap<string, number>;
  /** True once one of them has come twice: each of the others, if it comes as often, has come by then. */
  hasRepeat(): boolean;
};

/** Nobody yet. */
export function makeScrapers(): Scrapers {
  const all: Scraper[] = [];
  let isRepeated = false;
  return {
    note: ({ atMs, address, connection }) => {
      const ofAddress = all.filter((one) => one.address === address);
      const known =
        ofAddress.find((one) => one.connection === connection) ??
        // Who comes from where somebody has left is taken for the same.
        ofAddress.find((one) => one.connection.destroyed);
      if (known === undefined) all.push({ address, connection, lastMs: atMs });
      else {
        isRepeated = true;
        Object.assign(known, { connection, lastMs: atMs });
      }
    },
    since: (ms) => {
      const counts = new Map<string, number>();
      for (const { address, lastMs } of all) {
        if (lastMs > ms) counts.set(address, (counts.get(address) ?? 0) + 1);
      }
      return counts;
    },
    hasRepeat: () => isRepeated,
  };
}

const DAY_MS = 86_400_000;
/** Runs in a row without a scraper after which it is not expected any more. */
const MOST_MISSED = 3;
/** Runs in a row that wait in vain; after that one a day does, on a port that was scraped once, and on one that never was. */
const PATIENCE = Object.freeze({ known: 10, unknown: 3 });

/** True if a run waits for scrapers of this port. */
export function isWorthWaiting(
  { scrapers, inVain, waitedMs = 0 }: PortMemory,
  nowMs: number,
): boolean {
  const patience = scrapers.length > 0 ? PATIENCE.known : PATIENCE.unknown;
  return inVain < patience || nowMs - waitedMs > DAY_MS;
}

/** How many are known or were seen in this run, by address. */
export function expectedOf(
  memory: PortMemory,
  seen: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const expected = new Map(memory.scrapers.map(({ address, count }) => [address, count]));
  for (const [address, count] of seen) {
    expected.set(address, Math.max(count, expected.get(address) ?? 0));
  }
  return expected;
}

/** How many of the expected have come. */
export function countOf(
  expected: ReadonlyMap<string, number>,
  came: ReadonlyMap<string, number>,
): { readonly came: number; readonly expected: number } {
  let [present, all] = [0, 0];
  for (const [address, count] of expected) {
    all += count;
    present += Math.min(count, came.get(address) ?? 0);
  }
  return { came: present, expected: all };
}

/** True if it is time to make sure that nobody else scrapes it. */
export function isUnsure({ learnedMs }: PortMemory, nowMs: number): boolean {
  return learnedMs === undefined || nowMs - learnedMs > DAY_MS;
}

/** What is remembered after a run that waited. `isSure`: no other can have been missed. */
export function memoryAfter(
  before: PortMemory,
  {
    seen,
    came,
    isSure,
    nowMs,
  }: {
    readonly seen: ReadonlyMap<string, number>;
    readonly came: ReadonlyMap<string, number>;
    readonly isSure: boolean;
    readonly nowMs: number;
  },
): PortMemory {
  const scrapers = [...expectedOf(before, seen)].flatMap(([address, count]) => {
    const missedBefore = before.scrapers.find((one) => one.address === address)?.missed ?? 0;
    const present = came.get(address) ?? 0;
    if (present >= count) return [{ address, count: present, missed: 0 }];
    if (missedBefore + 1 < MOST_MISSED) return [{ address, count, missed: missedBefore + 1 }];
    return present > 0 ? [{ address, count: present, missed: 0 }] : [];
  });
  // A port that nobody scraped this time keeps whom it knows.
  if (came.size === 0) {
    return {
      ...before,
      scrapers: before.inVain + 1 < PATIENCE.known ? before.scrapers : scrapers,
      inVain: before.inVain + 1,
      waitedMs: nowMs,
    };
  }
  const { learnedMs } = before;
  return {
    scrapers,
    inVain: 0,
    waitedMs: nowMs,
    ...(isSure ? { learnedMs: nowMs } : learnedMs === undefined ? {} : { learnedMs }),
  };
}
