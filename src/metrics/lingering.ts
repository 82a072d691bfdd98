/**
 * The goodbye of a short run: waits until everybody who scrapes its port has seen the final values, as far as it can
 * know who that is, and says in one line what it could not be sure of.
 */

import { countOf, expectedOf, isUnsure, isWorthWaiting, memoryAfter } from './scrapers.ts';

import type { ScrapeNote } from './scrape-note.ts';
import type { PortMemory, Scrapers } from './scrapers.ts';

/** A Prometheus comes once a minute if nobody told it otherwise. */
const AUTO_LINGER_MS = 75_000;

export type Lingering = {
  readonly url: string;
  readonly note: ScrapeNote;
  readonly scrapers: Scrapers;
  /** Resolves at the next answered scrape. */
  readonly nextScrape: () => Promise<unknown>;
  /** When the port was taken. */
  readonly openedMs: number;
  /** A long-lived exporter shows what this store knows, so nothing is lost if nobody comes. */
  readonly isCovered: () => boolean | Promise<boolean>;
  readonly say: (line: string) => void;
  readonly stop: AbortSignal;
  readonly now?: () => number;
};

/** Waits as `mode` says: `auto`, or up to so many seconds. */
export async function linger(mode: 'auto' | number, about: Lingering): Promise<void> {
  const { url, note, scrapers, say, stop, openedMs, now = Date.now } = about;
  if (mode === 0) return;
  const finalMs = now();
  const memory = await note.read();
  const seenBefore = scrapers.since(0);
  const isKnown = memory.scrapers.length > 0 || seenBefore.size > 0;
  if (mode === 'auto' && !isKnown) {
    // Who comes once a minute would have come by now.
    const hadItsChance = finalMs - openedMs >= AUTO_LINGER_MS;
    if (hadItsChance || (await about.isCovered())) return;
  }
  if (mode === 'auto' && seenBefore.size === 0 && !isWorthWaiting(memory, finalMs)) {
    return say(notWaiting(url, memory));
  }
  const limitMs = mode === 'auto' ? AUTO_LINGER_MS : mode * 1000;
  const unknown = isKnown ? '' : 'nobody has come yet; ';
  say(
    `metrics   waiting for a last scrape of ${url} (${unknown}at most ${limitMs / 1000} s, Ctrl-C leaves)`,
  );

  const isUnsureNow = mode === 'auto' && isUnsure(memory, finalMs);
  const isDone = (): boolean => {
    const came = scrapers.since(finalMs);
    const count = countOf(expectedOf(memory, scrapers.since(0)), came);
    if (count.came === 0 || count.came < count.expected) return false;
    return !isUnsureNow || scrapers.hasRepeat();
  };
  const timeUp = timer(limitMs, stop);
  let isOver = false;
  while (!isDone() && !isOver) {
    isOver = await Promise.race([
      about.nextScrape().then(() => false),
      timeUp.reached.then(() => true),
    ]);
  }
  timeUp.cancel();

  const came = scrapers.since(finalMs);
  const seen = scrapers.since(0);
  say(ending(countOf(expectedOf(memory, seen), came)));
  if (stop.aborted && came.size === 0) return;
  const isSure = scrapers.hasRepeat() || now() - finalMs >= AUTO_LINGER_MS;
  await note.write(memoryAfter(memory, { seen, came, isSure, nowMs: now() }));
}

function ending({ came, expected }: { readonly came: number; readonly expected: number }): string {
  if (came === 0) {
    return 'metrics   no Prometheus scraped the final values; the state folder keeps them for the next exporter';
  }
  if (came < expected) {
    return `metrics   the final values were scraped by ${came} of the ${expected} scrapers that were here; the others may not know of this run`;
  }
  return came === 1
    ? 'metrics   the final values were scraped'
    : `metrics   the final values were scraped by all ${came} scrapers`;
}

function notWaiting(url: string, { inVain }: PortMemory): string {
  return `metrics   nobody scraped ${url} in the last ${inVain} runs: not waiting for a scrape (--linger 60 does)`;
}

/** What `scraped` answers; false after `limitMs` or when `stop` is aborted. */
export async function waitFor(
  scraped: Promise<boolean>,
  limitMs: number,
  stop: AbortSignal,
): Promise<boolean> {
  const timeUp = timer(limitMs, stop);
  const answer = await Promise.race([scraped, timeUp.reached.then(() => false)]);
  timeUp.cancel();
  return answer;
}

function timer(ms: number, stop: AbortSignal): { readonly reached: Promise<void>; cancel(): void } {
  let handle: NodeJS.Timeout | undefined;
  const reached = new Promise<void>((resolve) => {
    handle = setTimeout(resolve, ms);
    if (stop.aborted) resolve();
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
  return { reached, cancel: () => clearTimeout(handle) };
}
