/** What taking an attempt down costs on a step's path, and a scrape of few and of many series. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { median } from '../measure.mjs';

const FACTS = 20_000;
const AT_ONCE = 20;
const SCRAPES = 20;

export const scrape = async () => {
  const { makeTelemetry } = await import('../../dist/metrics/telemetry.js');
  const { makeCounting } = await import('../../dist/metrics/counting.js');
  const { openLocalStore } = await import('../../dist/store/local.js');
  const rows = [];
  for (const [jobs, steps, budget] of [
    [7, 20, '<= 10 ms at 4,000'],
    [50, 20, '<= 80 ms at 30,000'],
  ]) {
    const folder = mkdtempSync(join(tmpdir(), 'builder-bench-scrape-'));
    const store = await openLocalStore(folder);
    try {
      const telemetry = makeTelemetry({ store, exporter: '1', maxSeries: 100_000 });
      const counting = makeCounting({ store, counter: { telemetry, exporter: '1' } });
      for (let job = 0; job < jobs; job += 1) await fill(telemetry, counting, `j${job}`, steps);
      if (rows.length === 0) {
        rows.push({
          what: "instruments on a step's path, CPU",
          measured: `${(await instrumentsUs(telemetry, steps)).toFixed(1)} us`,
          budget: '<= 10 us',
        });
      }
      await telemetry.text();
      const scrapes = [];
      for (let i = 0; i < SCRAPES; i += 1) {
        await Promise.all(
          Array.from({ length: AT_ONCE }, (_, n) =>
            counting.add([attemptOf('j0', `s${n % steps}`, `run-${i}-${n}`)]),
          ),
        );
        const startedAt = cpuMs();
        await telemetry.text();
        scrapes.push(cpuMs() - startedAt);
      }
      rows.push({
        what: `a scrape of ${telemetry.seriesCount()} series, CPU`,
        measured: `${median(scrapes).toFixed(1)} ms`,
        budget,
      });
    } finally {
      await store.settled();
      store.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return rows;
};

/** What the interceptor adds to a step that does nothing, microseconds; the journal, which takes its words, is measured elsewhere. */
async function instrumentsUs(telemetry, steps) {
  const { makeCounting } = await import('../../dist/metrics/counting.js');
  const { makeActivityInterceptor } = await import('../../dist/metrics/interceptor.js');
  const store = { append: async (entries) => entries.map(() => ({ won: true })) };
  const counting = makeCounting({ store, counter: { telemetry, exporter: '1' } });
  const { inbound } = makeActivityInterceptor({ counting, telemetry })({});
  const output = { outputs: {}, values: {}, durationMs: 12, rowsOut: 5 };
  const next = async () => output;
  const run = { id: 'r', generation: 1, job: 'j0', profile: 'p' };
  const inputs = Array.from({ length: steps }, (_, i) => ({
    args: [{ run, step: { id: `s${i}`, kind: 'k' }, attempt: 1 }],
  }));
  const spent = async (execute) => {
    const at = cpuMs();
    for (let i = 0; i < FACTS; i += 1) await execute(inputs[i % steps]);
    await counting.settled();
    return cpuMs() - at;
  };
  const through = () => spent((input) => inbound.execute(input, next));
  const bare = () => spent(next);
  await through();
  await bare();
  const pairs = [];
  for (let i = 0; i < 5; i += 1) pairs.push((await through()) - (await bare()));
  return (median(pairs) / FACTS) * 1000;
}

/** CPU of this process until now. */
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** A job of so many steps, each of which has run a dozen times. */
async function fill(telemetry, counting, job, count) {
  const steps = Array.from({ length: count }, (_, i) => ({
    id: `s${i}`,
    kind: 'k',
    core: true,
    timeoutMs: 1000,
    p95Ms: 100,
  }));
  telemetry.seed({ job, profile: 'p', steps });
  const of = { runId: `${job}-0`, generation: 1, job, profile: 'p', atMs: 1 };
  await counting.add([{ ...of, type: 'shape', shape: { job, profile: 'p', steps } }]);
  for (let run = 0; run < 12; run += 1) {
    const runId = `${job}-${run}`;
    await counting.add(
      steps.flatMap(({ id }) => [attemptOf(job, id, runId), outcomeOf(job, id, runId, run)]),
    );
  }
  await counting.add(
    steps.map(({ id }) => ({ ...of, type: 'step', step: id, attempt: 2, began: true })),
  );
}

function attemptOf(job, step, runId) {
  return {
    ...{ type: 'attempt', runId, generation: 1, job, profile: 'p', atMs: Date.now(), step },
    ...{ kind: 'k', attempt: 1, result: 'ok', durationMs: 12, observed: true, rowsOut: 5 },
  };
}

function outcomeOf(job, step, runId, run) {
  const atMs = Date.now();
  const outcome = {
    ...{ step, kind: 'k', status: run % 5 === 0 ? 'FAIL' : 'OK', attempts: 1, lost: 0 },
    ...{ durationMs: 12, elapsedMs: 12, endedAtMs: atMs },
  };
  return { type: 'outcome', runId, generation: 1, job, profile: 'p', atMs, outcome };
}
