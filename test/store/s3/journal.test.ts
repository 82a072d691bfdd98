import { expect, test } from '@jest/globals';

import { factOf, FINGERPRINT, resultOf } from '../fixtures.ts';
import { withCloud } from './fixtures.ts';

import type { Store } from '../../../src/store/store.ts';
import type { Asked, Fault, S3Server } from '../../harness/s3-server.ts';

const DAY_MS = 24 * 3600 * 1000;

const append = async (store: Store, runId: string): Promise<boolean | undefined> =>
  (await store.append([factOf({ runId })]))[0]?.won;
const countOf = async (store: Store): Promise<number | undefined> => {
  const changes = await store.changes();
  if (!('all' in changes)) return undefined;
  return Object.values(changes.all.sums['9099']?.runs ?? {})[0]?.statuses['OK'];
};
const wordOf = ({ method, key, query }: Asked): string =>
  `${method} ${key === '' ? (query.get('prefix') ?? '') : key}`.replace(/\d{12}/, 'N');
const askedFor = async (server: S3Server, work: () => Promise<unknown>): Promise<string[]> => {
  const before = server.asked.length;
  await work();
  return server.asked.slice(before).map(wordOf);
};
/** Of the first appends, as many as there are faults. */
const onAppends = (server: S3Server, ...faults: readonly Fault[]): void => {
  const left = [...faults];
  server.fault = ({ method, key }) =>
    method === 'PUT' && key.includes('/log/') ? left.shift() : undefined;
};

test('an append is one request, however many entries it has, and so is a look', () =>
  withCloud(async ({ server, open }) => {
    const store = await open();
    await append(store, 'first');
    const many = ['a', 'b', 'c'].map((runId) => factOf({ runId }));
    expect(await askedFor(server, () => store.append(many))).toEqual(['PUT pre/journal/log/N']);
    expect(await askedFor(server, () => store.run('a'))).toEqual(['GET pre/journal/log/N']);
  }));

test('who was second tries the next number at once', () =>
  withCloud(async ({ server, open }) => {
    const [one, two] = [await open({ name: 'one' }), await open({ name: 'two' })];
    await append(one, 'first');
    await two.run('first');
    await append(one, 'second');
    expect(await askedFor(server, () => append(two, 'third'))).toEqual([
      'PUT pre/journal/log/N',
      'GET pre/journal/log/N',
      'PUT pre/journal/log/N',
    ]);
  }));

test('what comes while a request is made shares the next one', () =>
  withCloud(async ({ server, open }) => {
    const store = await open();
    await append(store, 'first');
    const asked = await askedFor(server, () =>
      Promise.all(['a', 'b', 'c', 'd'].map((runId) => append(store, runId))),
    );
    expect(asked.length).toBeLessThanOrEqual(2);
  }));

test('of many who append the same on three machines one wins each, and all tell the same', () =>
  withCloud(async ({ open }) => {
    const names = ['one', 'two', 'three'];
    const stores = await Promise.all(names.map((name) => open({ name })));
    const won = await Promise.all(
      stores.flatMap((store) => Array.from({ length: 40 }, (_, i) => append(store, `run-${i}`))),
    );
    expect(won.filter(Boolean)).toHaveLength(40);
    for (const store of stores) expect(await countOf(store)).toBe(40);
  }));

test.each<[string, readonly Fault[]]>([
  ['whose answer was lost', ['lose-answer']],
  ['that was lost', ['lose-request', 'lose-request']],
  ['that arrived twice', ['twice']],
  ['whose answer was cut off', ['cut']],
  [
    'that was put off',
    [
      { refuse: 503, code: 'SlowDown' },
      { refuse: 500, code: 'InternalError' },
    ],
  ],
  ['that met another one', [{ refuse: 409, code: 'ConditionalRequestConflict' }]],
])('an append %s counts, once', (_, faults) =>
  withCloud(async ({ server, open }) => {
    const store = await open();
    await append(store, 'first');
    onAppends(server, ...faults);
    expect(await append(store, 'second')).toBe(true);
    expect(await append(store, 'second')).toBe(false);
    expect(await countOf(await open({ name: 'other' }))).toBe(2);
  }),
);

test('an append that was told as failed may have arrived: what is said again adopts it', () =>
  withCloud(async ({ server, open }) => {
    const store = await open({ patienceMs: 0 });
    onAppends(server, 'lose-answer');
    const stored = resultOf();
    await expect(store.putResult(FINGERPRINT, stored)).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
    });
    const late = resultOf({}, { runId: 'late' });
    expect(await store.putResult(FINGERPRINT, late)).toEqual(stored);
  }));

test('a long journal is opened by a few requests', () =>
  withCloud(async ({ server, open }) => {
    const store = await open();
    for (let i = 0; i < 200; i += 1) await append(store, `run-${i}`);
    await store.settled();
    const fresh = await open({ name: 'fresh' });
    const asked = await askedFor(server, async () => expect(await countOf(fresh)).toBe(200));
    expect(asked.length).toBeLessThan(70);
    const heads = asked.filter((word) => word.startsWith('GET pre/journal/tables/'));
    expect(heads.length).toBeLessThan(6);
    // What it has fetched it keeps.
    fresh.close();
    const again = await open({ name: 'fresh' });
    const words = await askedFor(server, async () => expect(await countOf(again)).toBe(200));
    expect(words.filter((word) => word.includes('/tables/'))).toEqual([]);
  }));

test('who compacts at once with another one changes nothing', () =>
  withCloud(async ({ open }) => {
    const journal = { compactEvery: 2 };
    const stores = await Promise.all(['one', 'two'].map((name) => open({ name, journal })));
    for (let i = 0; i < 30; i += 1) {
      const won = await Promise.all(stores.map((store) => append(store, `run-${i}`)));
      expect(won.filter(Boolean)).toHaveLength(1);
    }
    for (const store of stores) await store.settled();
    expect(await countOf(await open({ name: 'fresh' }))).toBe(30);
    for (const store of stores) expect(await countOf(store)).toBe(30);
  }));

/** A journal of which a day ago everything was covered, and a machine that has slept since. */
const afterADay = (
  work: (about: {
    readonly asleep: Store;
    readonly awake: Store;
    readonly server: S3Server;
  }) => Promise<void>,
): Promise<void> =>
  withCloud(async ({ server, open }) => {
    const journal = { compactEvery: 4 };
    const asleep = await open({ name: 'asleep', journal });
    await append(asleep, 'known');
    const awake = await open({ name: 'awake', journal });
    for (let i = 0; i < 12; i += 1) await append(awake, `run-${i}`);
    await awake.settled();
    server.aheadMs = DAY_MS + 3600 * 1000;
    const tidy = await open({ name: 'tidy', journal });
    for (let i = 0; i < 8; i += 1) await append(tidy, `later-${i}`);
    await tidy.settled();
    // The next number of the one that sleeps is free again.
    expect([...server.objects.keys()]).not.toContain('pre/journal/log/000000000002');
    await work({ asleep, awake, server });
  });

test('what a machine appends that slept for a day stands behind all that happened meanwhile', () =>
  afterADay(async ({ asleep, awake }) => {
    expect(await append(asleep, 'run-3')).toBe(false);
    expect(await append(asleep, 'late')).toBe(true);
    expect(await append(awake, 'late')).toBe(false);
    expect(await countOf(awake)).toBe(22);
  }));

test('a machine that slept for a day reads all that happened meanwhile', () =>
  afterADay(async ({ asleep, server }) => {
    server.objects.set('pre/journal/log/000000000002', {
      // Another sleeper has written here, and has not taken it back yet.
      ...server.objects.get('pre/journal/log/000000000016')!,
    });
    expect(await append(asleep, 'later-7')).toBe(false);
    expect(await countOf(asleep)).toBe(21);
  }));

/** A machine that was quiet for so long appends; before it hears of that, the others go on and compact past it. */
const overtaken = (
  { quietMs, isLost }: { readonly quietMs: number; readonly isLost: boolean },
  work: (about: {
    readonly won: boolean | undefined;
    readonly slow: Store;
    readonly reader: Store;
    readonly fresh: Store;
  }) => Promise<void>,
): Promise<void> =>
  withCloud(async ({ server, open }) => {
    const journal = { compactEvery: 4 };
    const slow = await open({ name: 'slow', journal });
    const busy = await open({ name: 'busy', journal });
    const reader = await open({ name: 'reader', journal });
    await append(slow, 'first');
    server.aheadMs = quietMs - 60_000;
    // It has read what stands before, a minute ago.
    await reader.run('first');
    server.aheadMs = quietMs;
    const second = 'pre/journal/log/000000000002';
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const arrived = new Promise<void>((resolve) => {
      server.fault = ({ method, key, query }) => {
        const isAppend = method === 'PUT' && key === second;
        const isThere = server.objects.has(second);
        if (!isThere) return isAppend && isLost ? 'lose-answer' : undefined;
        if (!isAppend && query.get('prefix') !== 'pre/journal/heads/') return undefined;
        server.fault = () => undefined;
        resolve();
        return { wait: held };
      };
    });
    const appended = append(slow, 'mine');
    await arrived;
    for (let i = 0; i < 12; i += 1) await append(busy, `run-${i}`);
    await busy.settled();
    goOn();
    await work({
      won: await appended,
      slow,
      reader,
      fresh: await open({ name: 'fresh', journal }),
    });
  });

test.each([
  ['of a machine that was quiet for a while', 16 * 60 * 1000, false],
  ['of such a machine, whose answer was lost', 16 * 60 * 1000, true],
  ['of a machine that was quiet for hours, whose answer was lost', 3 * 3600 * 1000, true],
])('an append %s counts once in its place when a compaction overtakes it', (_, quietMs, isLost) =>
  overtaken({ quietMs, isLost }, async ({ won, slow, reader, fresh }) => {
    expect(won).toBe(true);
    expect(await append(reader, 'behind')).toBe(true);
    expect(await append(slow, 'mine')).toBe(false);
    for (const store of [slow, reader, fresh]) {
      expect(await append(store, 'behind')).toBe(false);
      expect(await countOf(store)).toBe(15);
      await store.settled();
    }
  }),
);

test('as long as a head is there, so is every table that it names', () =>
  withCloud(async ({ server, open }) => {
    const journal = { compactEvery: 2 };
    for (let day = 0; day < 4; day += 1) {
      server.aheadMs = day * (DAY_MS + 3600 * 1000);
      const store = await open({ name: `day-${day}`, journal });
      for (let i = 0; i < 6; i += 1) await append(store, `run-${day}-${i}`);
      await store.settled();
    }
    const heads = [...server.objects].filter(([key]) => key.includes('/heads/'));
    expect(heads.length).toBeGreaterThan(1);
    for (const [, { bytes }] of heads) {
      const { tables } = JSON.parse(String(bytes)) as { tables: { name: string }[] };
      for (const { name } of tables)
        expect([...server.objects.keys()]).toContain(`pre/journal/tables/${name}`);
    }
  }));

test('a service that does not tell the time is asked more, and trusted as much', () =>
  withCloud(async ({ server, open }) => {
    server.tellsTime = false;
    const store = await open({ journal: { compactEvery: 2 } });
    for (let i = 0; i < 9; i += 1) await append(store, `run-${i}`);
    await store.settled();
    expect(await append(store, 'run-3')).toBe(false);
    expect(await countOf(await open({ name: 'other' }))).toBe(9);
  }));

test('an exporter that is scraped all the time asks once in five seconds', () =>
  withCloud(async ({ server, open }) => {
    const store = await open();
    await append(store, 'first');
    const { cursor } = await store.changes();
    const asked = await askedFor(server, async () => {
      for (let i = 0; i < 20; i += 1) await store.changes(cursor);
    });
    expect(asked).toEqual([]);
    // What this process appends itself is there at once.
    await append(store, 'second');
    expect(await store.changes(cursor)).toMatchObject({ more: [{ runId: 'second' }] });
  }));
