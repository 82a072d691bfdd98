import { expect, test } from '@jest/globals';

import { linger } from '../../src/metrics/lingering.ts';
import { makeScrapers, NEW_PORT } from '../../src/metrics/scrapers.ts';

import type { PortMemory } from '../../src/metrics/scrapers.ts';

const URL = 'http://127.0.0.1:9099/metrics';

/** A Prometheus; each keeps a connection of its own, whatever its address. */
type Prometheus = { readonly address: string; readonly connection: { destroyed: boolean } };
const prometheus = (address = '10.0.0.1'): Prometheus => ({
  address,
  connection: { destroyed: false },
});

/** The goodbyes of a port's short runs, one after the other, on a clock that is set by hand. */
function port(memory: PortMemory = NEW_PORT, { isCovered = false } = {}) {
  let nowMs = 1_000_000;
  let kept = memory;
  const end = (mode: 'auto' | number = 'auto', { openMs = 9000 } = {}) => {
    const scrapers = makeScrapers();
    const said: string[] = [];
    const leaving = new AbortController();
    let wake: (value: unknown) => void = () => undefined;
    const scrape = (one: Prometheus, afterS = 15): Promise<void> => {
      nowMs += afterS * 1000;
      scrapers.note({ ...one, atMs: nowMs });
      wake(undefined);
      return turn();
    };
    let isOver = false;
    const begin = async (): Promise<void> => {
      await linger(mode, {
        url: URL,
        scrapers,
        note: { read: async () => kept, write: async (next) => void (kept = next) },
        nextScrape: () => new Promise((resolve) => (wake = resolve)),
        openedMs: nowMs - openMs,
        isCovered: () => isCovered,
        say: (line) => said.push(line),
        stop: leaving.signal,
        now: () => nowMs,
      });
      isOver = true;
    };
    return {
      scrape,
      begin: async () => {
        const ended = begin();
        await turn();
        return ended;
      },
      /** Goes into the waiting, which a scrape or `leave` ends. */
      wait: async () => {
        void begin();
        await turn();
      },
      leave: async () => {
        leaving.abort();
        await turn();
      },
      isOver: () => isOver,
      said,
    };
  };
  return {
    end,
    memory: () => kept,
    pass: (seconds: number) => {
      nowMs += seconds * 1000;
    },
  };
}

/** What waits for what has happened gets its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const known = (count: number, more: Partial<PortMemory> = {}): PortMemory => ({
  scrapers: [{ address: '10.0.0.1', count, missed: 0 }],
  inVain: 0,
  learnedMs: 1_000_000,
  ...more,
});

test('waits on a port that nobody has scraped yet, until whoever came has come again', async () => {
  const run = port().end();
  const only = prometheus();
  await run.wait();
  await run.scrape(only);
  expect(run.isOver()).toBe(false);
  await run.scrape(only);
  expect(run.isOver()).toBe(true);
  expect(run.said).toEqual([
    `metrics   waiting for a last scrape of ${URL} (nobody has come yet; at most 75 s, Ctrl-C leaves)`,
    'metrics   the final values were scraped',
  ]);
});

test('is not fooled by the first of two scrapers, and knows both from then on', async () => {
  const cron = port();
  const [one, other] = [prometheus(), prometheus()];
  const first = cron.end();
  await first.wait();
  await first.scrape(one, 4);
  await first.scrape(other, 5);
  await first.scrape(one, 10);
  expect(first.said.at(-1)).toBe('metrics   the final values were scraped by all 2 scrapers');
  const second = cron.end();
  await second.wait();
  await second.scrape(one, 4);
  expect(second.isOver()).toBe(false);
  await second.scrape(other, 5);
  expect(second.isOver()).toBe(true);
});

test('one that comes over a new connection each time is one', async () => {
  const cron = port();
  const first = cron.end();
  await first.wait();
  for (let n = 0; n < 2; n += 1) {
    const once = prometheus();
    await first.scrape(once);
    once.connection.destroyed = true;
  }
  expect(first.isOver()).toBe(true);
  expect(cron.memory().scrapers).toEqual([{ address: '10.0.0.1', count: 1, missed: 0 }]);
});

test('once a day it makes sure that there are no others', async () => {
  const cron = port(known(1));
  const only = prometheus();
  const today = cron.end();
  await today.wait();
  await today.scrape(only);
  expect(today.isOver()).toBe(true);
  cron.pass(90_000);
  const tomorrow = cron.end();
  await tomorrow.wait();
  await tomorrow.scrape(only);
  expect(tomorrow.isOver()).toBe(false);
  await tomorrow.scrape(prometheus());
  await tomorrow.scrape(only);
  expect(cron.memory().scrapers).toMatchObject([{ count: 2 }]);
});

test('says who did not come, and forgets nobody after one miss or two', async () => {
  const cron = port(known(2));
  for (let missed = 1; missed <= 3; missed += 1) {
    const run = cron.end();
    await run.wait();
    await run.scrape(prometheus());
    await run.leave();
    expect(run.said.at(-1)).toBe(
      'metrics   the final values were scraped by 1 of the 2 scrapers that were here; the others may not know of this run',
    );
  }
  const run = cron.end();
  await run.wait();
  await run.scrape(prometheus());
  expect(run.isOver()).toBe(true);
});

test('nobody at all for one run is no reason to forget them', async () => {
  const cron = port(known(2));
  const run = cron.end(0.001);
  await run.begin();
  expect(run.said.at(-1)).toMatch(/no Prometheus scraped the final values; the state folder keeps/);
  expect(cron.memory()).toMatchObject({ scrapers: [{ count: 2 }], inVain: 1 });
});

test('does not wait for ever on a port that nobody scrapes, and says so', async () => {
  const cron = port({ ...NEW_PORT, inVain: 3, waitedMs: 1_000_000 });
  const run = cron.end();
  await run.begin();
  expect(run.said).toEqual([
    `metrics   nobody scraped ${URL} in the last 3 runs: not waiting for a scrape (--linger 60 does)`,
  ]);
  cron.pass(90_000);
  const nextDay = cron.end();
  await nextDay.wait();
  expect(nextDay.said[0]).toMatch(/^metrics {3}waiting/);
  await nextDay.leave();
});

test.each([
  ['a run that was long enough for any scraper', { openMs: 75_000 }, {}],
  ['a run whose state folder has a long-lived exporter', {}, { isCovered: true }],
])('does not wait for nobody after %s', async (_what, about, more) => {
  const run = port(NEW_PORT, more).end('auto', about);
  await run.begin();
  expect(run.said).toEqual([]);
});

test('who leaves before anybody came learns nothing from it', async () => {
  const cron = port(known(1));
  const run = cron.end();
  await run.wait();
  await run.leave();
  expect(run.isOver()).toBe(true);
  expect(cron.memory()).toEqual(known(1));
});

test('never waits with 0', async () => {
  const run = port(known(2)).end(0);
  await run.begin();
  expect(run.said).toEqual([]);
});
