/** The parts of the benchmark, one for each line or group of lines of the budget. */

import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { coldProfile } from './cold-profile.mjs';
import {
  cacheDir,
  cli,
  inTurn,
  median,
  processMs,
  root,
  timedLines,
  withEngine,
  withFolder,
} from './measure.mjs';
import { smallSql } from './small-sql-step.mjs';
import { sql } from './sql-step.mjs';

const ratio = (a, b) => `${(a / b).toFixed(2)}x`;
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;

/** Megabytes of the CSV that is collected; 1500 is the size that the budget speaks of. */
const COLLECT_MB = Number(process.env.BUILDER_BENCH_CSV_MB ?? 300);

export const parts = {
  collect: () =>
    withFolder((folder) => {
      const script = join(root, 'bench/collect.mjs');
      const file = join(folder, 'large.csv');
      spawnSync(process.execPath, [script, 'make', file, String(COLLECT_MB)]);
      const measure = (what) =>
        JSON.parse(
          spawnSync(process.execPath, [script, what, file, join(folder, what)]).stdout.toString(),
        );
      const runs = { plain: [], declared: [], inferred: [] };
      for (let i = 0; i < 3; i += 1) {
        for (const what of Object.keys(runs)) runs[what].push(measure(what));
      }
      const of = (what, key) => median(runs[what].map((run) => run[key]));
      const against = (what, key) => ratio(of(what, key), of('plain', key));
      const name = `collect of a CSV of ${COLLECT_MB} MB against DuckDB's own copy`;
      return ['declared', 'inferred'].flatMap((what) => [
        {
          what: `${name}, types ${what} (${seconds(of(what, 'ms'))})`,
          measured: against(what, 'ms'),
          budget: what === 'declared' ? '<= 1.5x' : '<= 2.5x',
        },
        { what: `  its CPU`, measured: against(what, 'cpuMs'), budget: '' },
        {
          what: `  its peak memory (${Math.round(of(what, 'peakMb'))} MB)`,
          measured: against(what, 'peakMb'),
          budget: '<= 1.5x',
        },
      ]);
    }),

  start: () =>
    withFolder(async (folder) => {
      const job = join(folder, 'j.yaml');
      const steps = '{ a: { uses: exec.command, with: { shell: echo } } }';
      await writeFile(job, 'job: j\nprofile: ./p.yaml\n');
      await writeFile(join(folder, 'p.yaml'), `profile: p\nsteps: ${steps}\n`);
      const bare = processMs(['-e', '0']);
      const help = processMs([cli, '--help']);
      const validate = processMs([cli, 'validate', '--job', job]);
      const bound = processMs([cli, 'validate', '--job', 'jobs/standard.yaml']);
      return [
        { what: '--help against bare node', measured: ratio(help, bare), budget: '<= 2x' },
        { what: 'validate against bare node', measured: ratio(validate, bare), budget: '<= 5x' },
        {
          what: 'validate of 19 steps, their queries bound',
          measured: ratio(bound, bare),
          budget: '<= 9x',
        },
      ];
    }),

  first_step: () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'package.json'), '{}');
      await writeFile(join(folder, 'j.yaml'), 'job: one\n');
      const step =
        'steps: { one: { uses: exec.command, with: { shell: \'date +%s%3N > "$MARK"\', pass_env: [MARK] } } }';
      await writeFile(join(folder, 'p.yaml'), `profile: p\n${step}\n`);
      process.env.MARK = join(folder, 'mark');
      const firsts = [];
      const wholes = [];
      const bares = [];
      const { findBinary } = await import('../dist/engine/binary.js');
      const { path: binary } = await findBinary({
        cacheDir: cacheDir(),
        env: process.env,
        onProgress: () => undefined,
      });
      const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
      const { code } = await bundleWorkflowCode({
        workflowsPath: join(root, 'bench/bare.workflow.mjs'),
        logger: new DefaultLogger('ERROR'),
      });
      const bundle = join(folder, 'bare.js');
      await writeFile(bundle, code);
      const bareMark = join(folder, 'bare-mark');
      for (let i = 0; i < 6; i += 1) {
        // The last engine must be gone: this measures a start from nothing.
        await pause(2_000);
        const startedAt = Date.now();
        const { ms } = await timedLines(
          [cli, 'run-profile', '--job', 'j.yaml', '--profile', 'p.yaml', '--out', `o${i}`],
          { cwd: folder },
        );
        const bareAt = Date.now();
        await timedLines(
          [
            join(root, 'bench/bare-start.mjs'),
            binary,
            join(folder, `bare-${i}.db`),
            String(39_200 + i),
            bundle,
            bareMark,
          ],
          { cwd: folder },
        );
        if (i === 0) continue;
        bares.push(Number(await readFile(bareMark, 'utf8')) - bareAt);
        firsts.push(Number(await readFile(process.env.MARK, 'utf8')) - startedAt);
        wholes.push(ms);
      }
      return [
        {
          what: 'shell to first step running',
          measured: seconds(median(firsts)),
          budget: '<= 1.2 s',
        },
        {
          what: `the same, against a bare SDK script (${seconds(median(bares))})`,
          measured: ratio(median(firsts), median(bares)),
          budget: '<= 1.45x',
        },
        {
          what: 'prompt back after a one-step run',
          measured: seconds(median(wholes)),
          budget: '<= 1.5 s',
        },
      ];
    }),

  rerun: () =>
    withFolder(async (folder) => {
      const words = [
        cli,
        'run-profile',
        '--job',
        join(root, 'jobs/standard.yaml'),
        '--profile',
        'standard',
        '--out',
        join(folder, 'out'),
        '--state-dir',
        join(folder, 'st'),
      ];
      await timedLines(words, { cwd: folder });
      const bare = processMs(['-e', '0']);
      const again = processMs(words);
      return [
        {
          what: `unchanged rerun of the 19-step profile against bare node (${seconds(again)})`,
          measured: ratio(again, bare),
          budget: '<= 6x',
        },
      ];
    }),

  chain: () => graphs('chain', 100, (i) => (i === 0 ? [] : [`s${i - 1}`])),
  parallel: () => graphs('parallel', 300, () => []),

  scrape: async () => {
    const { makeTelemetry } = await import('../dist/metrics/telemetry.js');
    const { loadPromClient } = await import('../dist/metrics/prom-client.js');
    const telemetry = makeTelemetry({ prom: await loadPromClient() });
    const steps = Array.from({ length: 100 }, (_, i) => ({
      id: `s${i}`,
      kind: 'k',
      core: true,
      timeoutMs: 1000,
      p95Ms: 100,
    }));
    telemetry.seed({ job: 'j', profile: 'p', steps });
    const claim = (step) => ({
      type: 'attempt',
      runId: 'r',
      job: 'j',
      profile: 'p',
      atMs: Date.now(),
      exporter: '1',
      step,
      kind: 'k',
      result: 'ok',
      durationMs: 12,
      observed: true,
    });
    const count = 20_000;
    const started = performance.now();
    for (let i = 0; i < count; i += 1) telemetry.record(claim(`s${i % 100}`));
    const perRecord = ((performance.now() - started) / count) * 1000;
    const scrapes = [];
    for (let i = 0; i < 20; i += 1) {
      const at = performance.now();
      await telemetry.registry.metrics();
      scrapes.push(performance.now() - at);
    }
    return [
      {
        what: "instruments on a step's path",
        measured: `${perRecord.toFixed(1)} us`,
        budget: '<= 10 us',
      },
      {
        what: `a scrape of ${telemetry.seriesCount()} series`,
        measured: `${median(scrapes).toFixed(1)} ms`,
        budget: '<= 10 ms at 4,000',
      },
    ];
  },

  worker: () =>
    withEngine(async (engine, stateDir) => {
      const { spawn } = await import('node:child_process');
      const child = spawn(
        process.execPath,
        [cli, 'worker', '--temporal-address', engine.address, '--state-dir', join(stateDir, 'w')],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      );
      await new Promise((resolve) =>
        child.stderr.on('data', (text) => String(text).includes('serving') && resolve()),
      );
      await pause(3_000);
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
      const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN);
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('close', resolve));
      return [
        {
          what: 'idle worker, resident',
          measured: `${Math.round(kilobytes / 1024)} MB`,
          budget: '<= 250 MB',
        },
      ];
    }),

  sql,
  small_sql: smallSql,
  cold: coldProfile,
};

/** A graph of no-op steps through the full path, against the same graph by hand on the same server. */
async function graphs(shape, count, needsOf) {
  const { Worker, NativeConnection, bundleWorkflowCode, DefaultLogger } =
    await import('@temporalio/worker');
  const { Client } = await import('@temporalio/client');
  const { makeStepActivities } = await import('../dist/activities/step-activity.js');
  const { defineStep } = await import('../dist/kinds/contract.js');
  const { openLocalStore } = await import('../dist/store/local.js');
  const { openMetrics } = await import('../dist/metrics/open-metrics.js');
  const { installRuntime } = await import('../dist/run/worker.js');
  const { z } = await import('zod');
  try {
    installRuntime(() => undefined);
  } catch {
    // One runtime serves every part.
  }
  return withEngine(async (engine, stateDir) => {
    const connection = await NativeConnection.connect({ address: engine.address });
    const store = await openLocalStore(join(stateDir, 'store'));
    const metrics = await openMetrics({
      port: 39_099,
      address: '127.0.0.1',
      store,
      stateDir,
      restore: false,
      versions: { version: '0', node: '0', sdk: '0' },
      warn: () => undefined,
    });
    const noop = defineStep({
      kind: 'bench.noop',
      version: '1',
      summary: '',
      schema: z.unknown(),
      reusable: () => false,
      run: async () => ({}),
    });
    const activities = makeStepActivities(
      [noop],
      {
        store,
        attemptsRoot: join(stateDir, 'attempts'),
        runFolder: (id) => join(stateDir, 'runs', id),
        env: {},
        secret: () => undefined,
        limits: () => ({ memoryBytes: 1, threads: 1 }),
        bootId: store.bootId,
      },
      { heartbeatEveryMs: 500 },
    );
    const bareBundle = await bundleWorkflowCode({
      workflowsPath: join(root, 'bench/bare.workflow.mjs'),
      logger: new DefaultLogger('ERROR'),
    });
    const common = { connection, maxCachedWorkflows: 10 };
    const ours = await Worker.create({
      ...common,
      taskQueue: 'ours',
      workflowBundle: { codePath: join(root, 'dist/workflow-bundle.js') },
      activities,
      sinks: metrics.sinks(),
      interceptors: { activity: [...metrics.interceptors] },
    });
    const bare = await Worker.create({
      ...common,
      taskQueue: 'bare',
      workflowBundle: bareBundle,
      activities: { noop: async () => ({}) },
    });
    const running = [ours.run(), bare.run()];
    const client = new Client({ connection });
    let turn = 0;
    const runOurs = async () => {
      turn += 1;
      const id = `ours-${turn}`;
      const steps = Array.from({ length: count }, (_, i) => ({
        id: `s${i}`,
        kind: 'bench.noop',
        needs: needsOf(i),
        reads: [],
        options: {},
        timeoutMs: 600_000,
        heartbeatMs: 15_000,
        retry: { attempts: 1, backoffMs: 1, factor: 1, maxBackoffMs: 1 },
        core: false,
        allowFailure: false,
        reuse: false,
      }));
      const plan = {
        format: 1,
        job: 'bench',
        profile: shape,
        params: {},
        concurrency: count,
        onFailure: 'continue',
        budgets: {},
        steps,
        run: {
          id,
          date: '2024-10-09',
          generation: 1,
          planSha256: '',
          deliverQueue: 'ours',
          previousRows: {},
        },
      };
      const at = performance.now();
      await client.workflow.execute('runProfile', {
        workflowId: id,
        taskQueue: 'ours',
        args: [plan],
      });
      return performance.now() - at;
    };
    const runBare = async () => {
      turn += 1;
      const at = performance.now();
      await client.workflow.execute(shape === 'chain' ? 'bareChain' : 'bareParallel', {
        workflowId: `bare-${turn}`,
        taskQueue: 'bare',
        args: [count],
      });
      return performance.now() - at;
    };
    const { a, b } = await inTurn(runOurs, runBare, 5);
    ours.shutdown();
    bare.shutdown();
    await Promise.all(running);
    await metrics.close();
    await connection.close();
    return shape === 'chain'
      ? [
          {
            what: `chain of ${count} no-op steps against the bare SDK (${(b / count).toFixed(1)} ms a step)`,
            measured: ratio(a, b),
            budget: '<= 1.25x',
          },
        ]
      : [
          {
            what: `${count} parallel no-op steps, steps/s against the bare SDK (${Math.round((count / b) * 1000)}/s)`,
            measured: ratio(b, a),
            budget: '>= 0.8x',
          },
        ];
  });
}
