/** What a query over ten rows costs beyond a step that does nothing, both through the runner and the store. */

import { join } from 'node:path';

import { median, withFolder } from '../measure.mjs';

const STEPS = 60;
const ROUNDS = 3;

export const smallSql = () =>
  withFolder(async (folder) => {
    const { z } = await import('zod');
    const { runStep } = await import('../../dist/activities/run-step.js');
    const { makeSharedEngine } = await import('../../dist/duckdb/shared-engine.js');
    const { defineStep } = await import('../../dist/kinds/contract.js');
    const { transformSql } = await import('../../dist/kinds/transform-sql.js');
    const { openLocalStore } = await import('../../dist/store/local.js');
    const store = await openLocalStore(join(folder, 'store'));
    const attemptsRoot = join(folder, 'attempts');
    const engine = makeSharedEngine({
      roots: [attemptsRoot, join(folder, 'store', 'artifacts')],
      scratch: join(attemptsRoot, '_shared'),
    });
    const noop = defineStep({
      kind: 'bench.noop',
      version: '1',
      summary: '',
      schema: z.unknown(),
      run: async () => ({}),
    });
    const environment = {
      store,
      attemptsRoot,
      runFolder: (id) => join(folder, 'runs', id),
      env: {},
      secret: () => undefined,
      limits: () => ({ memoryBytes: 2 ** 30, threads: 2 }),
      bootId: store.bootId,
      engine,
    };
    let turn = 0;
    const step = (kind, options, inputs = {}) => {
      turn += 1;
      const about = {
        id: `s${turn}`,
        needs: [],
        reads: [],
        timeoutMs: 60_000,
        heartbeatMs: 15_000,
      };
      return runStep(
        kind,
        {
          run: {
            id: 'r',
            generation: 1,
            job: 'j',
            profile: 'p',
            date: '2026-01-31',
            previousRows: {},
          },
          step: {
            ...about,
            kind: kind.kind,
            options,
            core: false,
            allowFailure: false,
            reuse: true,
          },
          attempt: 1,
          concurrency: 1,
          inputs,
        },
        environment,
        new AbortController().signal,
      );
    };
    const sql = (text) => ({ sql: { $sql: [text] }, ordered: true });
    const ten = await step(transformSql, sql('select i as id, i % 3 as k from range(10) t(i)'));
    // Numbered, so that no result is taken over from the step before.
    const query = () =>
      step(transformSql, sql(`select k, count(*) + ${turn} as n from ten group by k order by k`), {
        ten,
      });
    const nothing = () => step(noop, { turn });
    const cpuOf = async (work) => {
      const before = process.cpuUsage();
      for (let i = 0; i < STEPS; i += 1) await work();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000 / STEPS;
    };
    await cpuOf(query);
    await cpuOf(nothing);
    const extra = [];
    for (let i = 0; i < ROUNDS; i += 1) extra.push((await cpuOf(query)) - (await cpuOf(nothing)));
    await engine.close();
    return [
      {
        what: 'CPU of a small SQL step beyond that of a no-op step',
        measured: `${median(extra).toFixed(1)} ms`,
        budget: '<= 12 ms',
      },
    ];
  });
