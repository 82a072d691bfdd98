/** What commands cost where 5,000 runs of 19 steps are on record, against the same where there are none. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { cli, processesMs, ratio, timedLines, withFolder } from '../measure.mjs';

const RUNS = 5_000;
const STEPS = 19;
const RUNS_AT_ONCE = 50;
const OLDEST = 'run-0';

export const recorded = () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, 'package.json'), '{}');
    await writeFile(join(folder, 'j.yaml'), 'job: recorded\n');
    // What a variable decides is never reused, so each time the engine is started.
    const step = 'one: { uses: exec.command, with: { shell: "true", pass_env: [HOME] } }';
    await writeFile(join(folder, 'p.yaml'), `profile: p\nsteps: { ${step} }\n`);
    const [few, many] = [join(folder, 'few'), join(folder, 'many')];
    await fill(few, 1);
    await fill(many, RUNS);
    const files = ['--job', 'j.yaml', '--profile', 'p.yaml'];
    const commands = {
      runs: (state) => [cli, 'runs', '--state-dir', state],
      'status of the oldest run': (state) => [cli, 'status', OLDEST, '--state-dir', state],
      'a run of one step, engine included': (state) => [
        ...[cli, 'run-profile', ...files],
        ...['--out', `${state}-out`, '--state-dir', state],
      ],
    };
    for (const state of [few, many]) {
      await timedLines(commands['a run of one step, engine included'](state), { cwd: folder });
    }
    return Object.entries(commands).map(([what, words]) => {
      const [none, full] = processesMs([words(few), words(many)], { cwd: folder });
      return {
        what: `${what}, CPU with ${RUNS} runs on record (${Math.round(full)} ms) against none`,
        measured: ratio(full, none),
        budget: '<= 1.2x',
      };
    });
  });

async function fill(stateDir, count) {
  const { openLocalStore } = await import('../../dist/store/local.js');
  const store = await openLocalStore(join(stateDir, 'store'));
  for (let n = 0; n < count; n += RUNS_AT_ONCE) {
    const entries = Array.from({ length: Math.min(RUNS_AT_ONCE, count - n) }, (_, i) =>
      entriesOf(n + i),
    );
    await store.append(entries.flat());
  }
  await store.settled();
  store.close();
}

/** The entries of a run from its start to its end, its results included. */
function entriesOf(n) {
  const runId = n === 0 ? OLDEST : `run-${n}`;
  const atMs = 1_700_000_000_000 + n * 60_000;
  const about = { runId, generation: 1, job: 'job', profile: 'p', atMs };
  const steps = Array.from({ length: STEPS }, (_, i) => `s${i}`);
  const record = {
    run_id: runId,
    job: 'job',
    profile: 'p',
    status: 'RUNNING',
    state: 'open',
    plan_sha256: 'a'.repeat(64),
    params: {},
    started_at: new Date(atMs).toISOString(),
    steps: steps.map((id) => ({ id, kind: 'transform.sql', status: 'WAITING', attempts: 0 })),
    pid: 2,
    pid_born: '1',
    generation: 1,
    job_path: '/j.yaml',
    profile_path: '/p.yaml',
    given_params: [],
  };
  return [
    { ...about, type: 'start', record },
    ...steps.flatMap((step, i) => stepEntries(about, step, `${runId}-${i}`)),
    { ...about, type: 'run', exporter: '9464', status: 'OK', startedAtMs: atMs, durationMs: 900 },
    { ...about, type: 'closed', status: 'OK', outcomes: [] },
  ];
}

function stepEntries(about, step, fingerprint) {
  const { runId, job, profile, atMs } = about;
  const kind = 'transform.sql';
  const outcome = { step, kind, status: 'OK', attempts: 1, durationMs: 40, elapsedMs: 41 };
  const table = { sha256: 'b'.repeat(64), bytes: 1000, rows: 10, format: 'parquet' };
  return [
    {
      type: 'result',
      fingerprint,
      stored: {
        result: { fingerprint, outputs: { table }, values: { rows: 10 } },
        step: { job, profile, id: step },
        runId,
        writtenAtMs: atMs,
        durationMs: 40,
        ingredients: { format: 1, kind, version: '1', options: {}, sources: [], inputs: {} },
        columns: { table: [{ name: 'n', type: 'INTEGER' }] },
        bootId: 'x',
      },
    },
    {
      ...about,
      type: 'attempt',
      exporter: '9464',
      step,
      kind,
      attempt: 1,
      result: 'ok',
      durationMs: 40,
      observed: true,
    },
    { ...about, type: 'outcome', exporter: '9464', outcome: { ...outcome, endedAtMs: atMs + 900 } },
  ];
}
