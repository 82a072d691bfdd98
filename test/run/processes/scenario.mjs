/** Scenarios of a program that uses the library: the first word says which. Prints one JSON document. */

import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { defineStep, KINDS, openProject, z } from 'builder-cli';

import { openMemoryStore } from '../../../dist/store/memory/memory-store.js';

const [scenario, folder] = process.argv.slice(2);

/** A step that goes on until it is told to stop, unless the file `gate` is there. */
const hold = defineStep({
  kind: 'test.hold',
  version: '1',
  summary: 'Waits.',
  schema: z.strictObject({}),
  reusable: () => false,
  outputs: () => [],
  run: async (_options, { signal }) => {
    const { existsSync } = await import('node:fs');
    while (!existsSync(join(folder, 'gate'))) {
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return {};
  },
});

const SETTINGS = {
  needs: [],
  reads: [],
  timeoutMs: 600_000,
  heartbeatMs: 0,
  retry: { attempts: 1, backoffMs: 0, factor: 1, maxBackoffMs: 0 },
  core: false,
  allowFailure: false,
  reuse: true,
};

/** A plan made by hand, as a program would that has its definitions elsewhere. */
const plan = (steps) => ({
  format: 1,
  job: 'made',
  profile: 'by_hand',
  params: {},
  concurrency: 4,
  onFailure: 'continue',
  budgets: {},
  steps: steps.map((step) => ({ ...SETTINGS, ...step })),
});
const TABLE = {
  job: { job: 'made', params: { rows: { type: 'integer', default: 5 } } },
  profile: {
    profile: 'as_data',
    steps: {
      numbers: {
        uses: 'transform.sql',
        with: { sql: 'select i from range(${{ params.rows }}) t(i)' },
      },
      files: { uses: 'export.dataset', with: { from: 'numbers', formats: ['csv'] } },
    },
  },
};
const HOLD = plan([{ id: 'wait', kind: 'test.hold', options: {} }]);

const events = [];
const project = openProject({
  stateDir: join(folder, '.builder'),
  kinds: [...KINDS, hold],
  env: process.env,
  onEvent: (event) => events.push(event),
});
const when = (type, act) => ({
  onEvent: (event) => {
    if (event.type === type || event.event?.type === type) act();
  },
});

/** Seconds after which the engine misses the first attempt of a run; 0: it does not. */
async function heartbeatOf(workflowId) {
  const { Client, Connection } = await import('@temporalio/client');
  const { address } = events.findLast(({ type, kind }) => type === 'engine' && kind === 'embedded');
  const connection = await Connection.connect({ address });
  const { history } = await new Client({ connection }).workflowService.getWorkflowExecutionHistory({
    namespace: 'default',
    execution: { workflowId },
  });
  await connection.close();
  const scheduled = history.events.map((event) => event.activityTaskScheduledEventAttributes);
  return Number(scheduled.find((found) => found != null).heartbeatTimeout?.seconds ?? 0);
}

const SCENARIOS = {
  async 'a definition as data'() {
    const asked = [];
    const definition = async ({ date }) => {
      asked.push(date);
      return TABLE;
    };
    const request = { definition, params: { rows: 2 }, out: join(folder, 'out') };
    const ended = await project.run(request);
    const record = await project.status(ended.runId);
    return { asked: asked.length, status: ended.record.status, job: record.job };
  },
  async 'wrong plans'() {
    const codes = [];
    const wrong = [
      [{ id: 'a', kind: 'transform.sqll', options: {} }],
      [{ id: 'A b', kind: 'transform.sql', options: {} }],
      [{ id: 'a', kind: 'transform.sql', needs: ['b'], options: {} }],
      [{ id: 'a', kind: 'test.hold', needs: ['a'], options: {} }],
      Array.from({ length: 601 }, (_, i) => ({ id: `s${i}`, kind: 'test.hold', options: {} })),
      [{ id: 'a', kind: 'transform.sql', options: { sql: 'x'.repeat(1_800_000) } }],
      [{ id: 'a', kind: 'test.hold', limit: 'shop_db', options: {} }],
    ];
    for (const steps of wrong) {
      const request = { definition: plan(steps), out: join(folder, 'out') };
      codes.push(await project.run(request).catch(({ code, exitCode }) => `${code} ${exitCode}`));
    }
    return codes;
  },
  async 'leave and go on'() {
    const leave = new AbortController();
    const options = { ...when('step_started', () => leave.abort()), suspend: leave.signal };
    const left = await project.run({ definition: HOLD, out: join(folder, 'out') }, options);
    const open = await project.status(left.runId);
    await writeFile(join(folder, 'gate'), '');
    const ended = await project.resume(left.runId);
    return {
      left: left.state,
      open: open.state,
      ended: ended.record.status,
      same: ended.runId === left.runId,
    };
  },
  async 'heard of'() {
    const step = { id: 'wait', kind: 'test.hold', options: {}, heartbeatMs: 5_000 };
    const request = { definition: plan([step]), out: join(folder, 'out') };
    const seconds = [];
    for (const alone of [false, true]) {
      const stop = new AbortController();
      let run = Promise.resolve();
      await new Promise((resolve) => {
        const control = { ...when('step_started', resolve), cancel: stop.signal, alone };
        run = project.run(request, control);
      });
      seconds.push(await heartbeatOf(events.findLast(({ type }) => type === 'run_starting').runId));
      stop.abort();
      await run;
    }
    return seconds;
  },
  async cancel() {
    const stop = new AbortController();
    const options = { ...when('step_started', () => stop.abort()), cancel: stop.signal };
    const ended = await project.run({ definition: HOLD, out: join(folder, 'out') }, options);
    return { status: ended.record.status, exitCode: ended.exitCode };
  },
  async 'a store in memory and an exporter of another sort'() {
    const store = openMemoryStore({ folder: join(folder, 'memory') });
    const other = openProject({
      stateDir: join(folder, '.builder'),
      kinds: KINDS,
      env: process.env,
      store,
      metrics: { port: 0, file: join(folder, 'own.prom') },
    });
    const request = { definition: TABLE, out: join(folder, 'out') };
    const runs = [await other.run(request)];
    const { cursor } = await other.changes();
    runs.push(await other.run({ ...request, params: { rows: 5 } }));
    const { more } = await other.changes(cursor);
    const listed = await other.runs();
    const { all } = await other.changes();
    await other.close();
    const { steps } = all.sums[`file:${join(folder, 'own.prom')}`];
    return {
      since: more.filter(({ type }) => type === 'outcome').map(({ outcome }) => outcome.step),
      statuses: runs.map(({ record }) => record.steps.map(({ status }) => status).join()),
      listed: listed.length,
      lines: Object.values(steps).flatMap(({ step, statuses }) =>
        Object.entries(statuses).map(([status, n]) => `steps.${step}.${status}:${n}|c`),
      ),
    };
  },
  async 'counts cannot be written'() {
    const memory = openMemoryStore({ folder: join(folder, 'memory') });
    const port = await freePort();
    const other = openProject({
      stateDir: join(folder, '.builder'),
      kinds: KINDS,
      env: process.env,
      store: {
        ...memory,
        async append(entries, options) {
          if (entries.some(({ type }) => type === 'attempt')) throw new Error('no space');
          return memory.append(entries, options);
        },
      },
      metrics: { port, address: '127.0.0.1' },
    });
    const ended = await other.run({ definition: TABLE, out: join(folder, 'out') });
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    const lines = (await answer.text()).split('\n');
    await other.close();
    return {
      status: ended.record.status,
      steps: ended.record.steps.map(({ status }) => status).join(),
      attempts: lines.filter((line) => /^pipeline_step_duration_seconds_count\{.* 1$/.test(line))
        .length,
      told: lines.some((line) =>
        /^pipeline_metrics_errors_total\{reason="claim"\} [1-9]/.test(line),
      ),
    };
  },
  async 'one folder twice'() {
    /** @type {Promise<unknown>[]} */
    const second = [];
    const stop = new AbortController();
    const begin = () => {
      if (second.length > 0) return;
      const other = project.run({ definition: TABLE, out: join(folder, 'out') });
      second.push(other.catch(({ code }) => code).finally(() => stop.abort()));
    };
    const options = { ...when('step_started', begin), cancel: stop.signal };
    const first = await project.run({ definition: HOLD, out: join(folder, 'out') }, options);
    return { first: first.record.status, second: await second[0] };
  },
};

/** A port of the loopback that is free now. */
async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

try {
  const answer = await SCENARIOS[scenario]();
  console.log(JSON.stringify({ answer, types: [...new Set(events.map(({ type }) => type))] }));
} finally {
  await project.close();
}
