import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { makeSharedEngine } from '../../src/duckdb/shared-engine.ts';
import { withSession } from '../../src/duckdb/session.ts';
import { checkTable } from '../../src/kinds/check-table.ts';
import { transformSql } from '../../src/kinds/transform-sql.ts';
import { untilBusy } from '../harness/until-busy.ts';
import { withAttempt } from '../kinds/harness.ts';

import type { SharedEngine } from '../../src/duckdb/shared-engine.ts';
import type { Attempt } from '../kinds/harness.ts';

const MB = 1024 * 1024;
const LIMITS = { threads: 2, memoryBytes: 256 * MB };
const ORDERS = 'select i as id, i % 7 as k, (i * 7919) % 101 as v from range(50000) t(i)';

type Watched = SharedEngine & { readonly entered: string[] };

/** Notes what became of each step that asked to come in. */
function watched(engine: SharedEngine): Watched {
  const entered: string[] = [];
  return {
    entered,
    close: () => engine.close(),
    enter: async (work) => {
      const place = await engine.enter(work);
      entered.push(place === undefined ? 'refused' : 'in');
      return place;
    },
  };
}

async function withEngine(
  tables: Readonly<Record<string, string>>,
  work: (attempt: Attempt, engine: Watched, scratch: string) => Promise<void>,
): Promise<void> {
  await withAttempt({ tables }, async (attempt) => {
    const scratch = join(attempt.roots[1] ?? '', '_shared');
    const engine = watched(makeSharedEngine({ roots: attempt.roots, scratch }));
    try {
      await work(attempt, engine, scratch);
    } finally {
      await engine.close();
    }
  });
}

async function hashOf(path = ''): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

test('gives the same bytes in the shared engine as in one of its own', async () => {
  await withEngine({ orders: ORDERS }, async ({ run }, engine) => {
    const sql = 'select k, count(*) as n, sum(v) as total from orders group by k order by n';
    const own = await run(transformSql, { sql });
    const shared = await run(transformSql, { sql }, { engine, limits: LIMITS });
    expect(engine.entered).toEqual(['in']);
    expect(shared.outputs?.['table']?.columns).toEqual(own.outputs?.['table']?.columns);
    expect(await hashOf(shared.outputs?.['table']?.path)).toBe(
      await hashOf(own.outputs?.['table']?.path),
    );
  });
});

test('keeps many steps apart that run at once and call their tables the same', async () => {
  await withEngine({ orders: ORDERS }, async ({ run, rows }, engine) => {
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        run(
          transformSql,
          { outputs: { a: `select count(*) + ${i} as n from orders`, b: `select ${i} as n` } },
          { engine, limits: LIMITS },
        ),
      ),
    );
    const found = await Promise.all(
      results.map(async ({ outputs }) => [
        ...(await rows(outputs?.['a'])),
        ...(await rows(outputs?.['b'])),
      ]),
    );
    expect(found).toEqual(
      Array.from({ length: 12 }, (_, i) => [{ n: String(50_000 + i) }, { n: i }]),
    );
    expect(engine.entered).toEqual(Array.from({ length: 12 }, () => 'in'));
  });
});

test('stops the query that is told to stop, and no other', async () => {
  await withEngine({ orders: ORDERS }, async ({ run, rows }, engine) => {
    const stop = new AbortController();
    const endless = run(
      transformSql,
      { sql: 'select count(*) as n from orders a, orders b, orders c where a.v + b.v + c.v = 1' },
      { signal: stop.signal, engine, limits: LIMITS },
    );
    const other = run(
      transformSql,
      { sql: 'select count(*) as n from orders a, orders b where a.v = b.v' },
      { engine, limits: LIMITS },
    );
    void untilBusy().then(() => stop.abort());
    await expect(endless).rejects.toThrow(/interrupted/);
    expect(await rows((await other).outputs?.['table'])).toEqual([{ n: expect.any(String) }]);
    expect(engine.entered).toEqual(['in', 'in']);
  });
});

test('does a step again by itself that finds no memory, and lets the others finish', async () => {
  const limits = { threads: 2, memoryBytes: 64 * MB };
  await withEngine({ orders: ORDERS }, async ({ run, rows }, engine) => {
    const greedy = run(
      transformSql,
      { sql: "select string_agg(repeat('x', 4000), ',' order by id) as s from orders" },
      { engine, limits },
    );
    const modest = Array.from({ length: 4 }, () =>
      run(
        transformSql,
        { sql: 'select k, sum(v) as v from orders group by k' },
        { engine, limits },
      ),
    );
    await expect(greedy).rejects.toMatchObject({ code: 'OUT_OF_SPACE' });
    for (const { outputs } of await Promise.all(modest)) {
      expect(await rows(outputs?.['table'], 'select count(*) as n from t')).toEqual([{ n: '7' }]);
    }
  });
});

test('spills into its scratch folder, and leaves nothing of it behind', async () => {
  const limits = { threads: 2, memoryBytes: 48 * MB };
  await withEngine({ orders: ORDERS }, async ({ run }, engine, scratch) => {
    const sql = `select a.id, b.id as other, repeat('x', 50) || a.id as s from orders a join orders b on a.v = b.v and a.k = b.k where a.id < 4000`;
    const { outputs } = await run(transformSql, { sql }, { engine, limits });
    expect(outputs?.['table']?.rows).toBeGreaterThan(100_000);
    expect(engine.entered).toEqual(['in']);
    await engine.close();
    expect(await readdir(scratch).catch(() => [])).toEqual([]);
  });
});

test('opens a new instance after one that has broken, and does the work again', async () => {
  await withEngine({ orders: ORDERS }, async ({ run }, engine) => {
    const ctx = {
      folder: join(
        (await run(transformSql, { sql: 'select 1 as n' })).outputs?.['table']?.path ?? '',
        '..',
      ),
      limits: LIMITS,
      signal: new AbortController().signal,
      inputs: {},
      sources: [],
    };
    const broken: SharedEngine = {
      ...engine,
      enter: async (work) => {
        const place = await engine.enter(work);
        if (place === undefined) return undefined;
        const fail = (): never => {
          throw new Error('FATAL Error: database has been invalidated because of a previous one');
        };
        return {
          ...place,
          connection: Object.assign(Object.create(place.connection), {
            run: fail,
            runAndReadAll: fail,
          }),
        };
      },
    };
    const shown = await withSession({ ...ctx, engine: broken }, async (session) => [
      session.isShared,
      await session.count('select 42'),
    ]);
    expect(shown).toEqual([false, 42]);
    const next = await withSession({ ...ctx, engine }, async (session) => [
      session.isShared,
      await session.count('select 43'),
    ]);
    expect(next).toEqual([true, 43]);
  });
});

test('has no room for large inputs, for other limits while it is in use, and for files from elsewhere', async () => {
  await withEngine({}, async ({ roots, path }, engine) => {
    const inside = join(roots[0] ?? '', 'x');
    const first = await engine.enter({ limits: LIMITS, paths: [inside], bytes: 1 });
    await engine.enter({ limits: LIMITS, paths: [inside], bytes: 10 ** 9 });
    await engine.enter({ limits: { ...LIMITS, threads: 1 }, paths: [inside], bytes: 1 });
    await engine.enter({ limits: LIMITS, paths: [path('x')], bytes: 1 });
    await engine.enter({ limits: LIMITS, paths: [join(roots[0] ?? '', '..', 'x')], bytes: 1 });
    expect(engine.entered).toEqual(['in', 'refused', 'refused', 'refused', 'refused']);
    first?.leave();
    (await engine.enter({ limits: { ...LIMITS, threads: 1 }, paths: [inside], bytes: 1 }))?.leave();
    expect(engine.entered.at(-1)).toBe('in');
  });
});

test('checks a table in the shared engine, the names of two parts included', async () => {
  await withEngine({ orders: ORDERS, others: ORDERS }, async ({ run }, engine) => {
    const checks = [
      { unique: ['id'] },
      { relationships: { column: 'id', to: 'others', field: 'id' } },
      { name: 'own', sql: 'select * from orders where k > 7' },
    ];
    const { values } = await run(
      checkTable,
      { table: 'orders', checks },
      { engine, limits: LIMITS },
    );
    expect(values).toEqual({ rows: 50_000, failed: 0 });
    expect(engine.entered).toEqual(['in']);
  });
});
