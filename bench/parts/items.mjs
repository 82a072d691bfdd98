/** A no-op step done for each of many items, against a chain of no-op steps on the same server. */

import { cpuOf, planOf, productWorker } from '../graphs.mjs';
import { inTurn, ratio, withEngine } from '../measure.mjs';

const STEPS = 100;
const ITEMS = 1_000;
/** In all, to see whether memory grows with them. */
const MANY = Number(process.env.BUILDER_BENCH_ITEMS ?? 10_000);
const AT_MOST = 8;

export const items = () =>
  withEngine(async (engine, stateDir) => {
    const { NativeConnection } = await import('@temporalio/worker');
    const { Client } = await import('@temporalio/client');
    const { needRuntime } = await import('../../dist/run/worker/runtime.js');
    needRuntime(() => undefined);
    const connection = await NativeConnection.connect({ address: engine.address });
    const product = await productWorker({ connection, stateDir, slots: AT_MOST + 2 });
    const client = new Client({ connection, dataConverter: product.dataConverter });
    let turn = 0;
    const run = async (made) => {
      const plan = await product.begin(made);
      const before = cpuOf(stateDir);
      const startedAt = performance.now();
      const handle = await client.workflow.start('runProfile', {
        workflowId: plan.run.id,
        taskQueue: 'ours',
        args: [plan],
      });
      await handle.result();
      const ms = performance.now() - startedAt;
      return { ms, cpuMs: cpuOf(stateDir) - before, handle };
    };
    const chain = () => {
      turn += 1;
      return run(planOf('chain', `chain-${turn}`, STEPS, (i) => (i === 0 ? [] : [`s${i - 1}`])));
    };
    const each = (count) => {
      turn += 1;
      const plan = planOf('each', `each-${turn}`, 1, () => []);
      const foreach = {
        in: Array.from({ length: count }, (_, i) => `item ${i}`),
        ...{ as: 'item', atMost: AT_MOST, allowFailed: 0, reads: [] },
      };
      return run({ ...plan, concurrency: 1, steps: [{ ...plan.steps[0], foreach }] });
    };
    const { a, b } = await inTurn(chain, () => each(ITEMS), 3);
    const cpu = [b.cpuMs / ITEMS, a.cpuMs / STEPS];
    const wall = [b.ms / ITEMS, a.ms / STEPS];
    const told = ([one, other]) => `${one.toFixed(1)} and ${other.toFixed(1)} ms`;
    global.gc?.();
    const residentMb = () => Math.round(process.memoryUsage().rss / 1e6);
    const peaks = [residentMb()];
    let peak = 0;
    const timer = setInterval(() => (peak = Math.max(peak, residentMb())), 200);
    const many = await each(MANY);
    clearInterval(timer);
    peaks.push(peak);
    const histories = await historiesOf(client, many.handle);
    await product.stop();
    await connection.close();
    return [
      {
        what: `no-op item of ${ITEMS} against a step of a chain, CPU (${told(cpu)})`,
        measured: ratio(...cpu),
        budget: '<= 0.5x',
      },
      { what: `  wall time (${told(wall)})`, measured: ratio(...wall), budget: '' },
      {
        what: `${MANY} items in ${Math.round(many.ms / 1000)} s, memory of the worker before and at most`,
        measured: `${peaks.join(' to ')} MB`,
        budget: 'flat',
      },
      { what: '  CPU of an item', measured: `${(many.cpuMs / MANY).toFixed(1)} ms`, budget: '' },
      { what: '  history of the run, and of the largest child', measured: histories, budget: '' },
    ];
  });

async function historiesOf(client, handle) {
  const own = await handle.describe();
  let largest = { events: 0, bytes: 0 };
  const query = `WorkflowId STARTS_WITH "${handle.workflowId}/"`;
  for await (const child of client.workflow.list({ query })) {
    const { historyLength: events, raw } = await client.workflow
      .getHandle(child.workflowId, child.runId)
      .describe();
    const bytes = Number(raw.workflowExecutionInfo?.historySizeBytes ?? 0);
    if (events > largest.events) largest = { events, bytes };
  }
  const ownBytes = Number(own.raw.workflowExecutionInfo?.historySizeBytes ?? 0);
  const shown = ({ events, bytes }) => `${events} events, ${Math.round(bytes / 1000)} kB`;
  return `${shown({ events: own.historyLength, bytes: ownBytes })}; ${shown(largest)}`;
}
