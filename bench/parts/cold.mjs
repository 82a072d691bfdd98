/** The 19-step profile on an empty store against one DuckDB session that does the same work: CPU of all processes. */

import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { childrenMs, cli, cpuBelow, median, root, used, withFolder } from '../measure.mjs';

const TIMES = 3;

export const cold = () =>
  withFolder(async (folder) => {
    const { loadDefinition } = await import('../../dist/run/definitions/load-definition.js');
    const { KINDS } = await import('../../dist/kinds/index.js');
    const { plan } = await loadDefinition({
      jobPath: 'jobs/standard.yaml',
      profile: 'standard',
      params: [],
      start: { date: '2026-01-31' },
      cwd: root,
      kinds: KINDS,
    });
    const planFile = join(folder, 'plan.json');
    await writeFile(planFile, JSON.stringify(plan));
    const product = [];
    const bare = [];
    for (let i = 0; i < TIMES; i += 1) {
      product.push(await cpuOfRun(join(folder, `state-${i}`), join(folder, `out-${i}`)));
      bare.push(used('bare-profile.mjs', [planFile, join(folder, `bare-${i}`)]).cpuMs);
    }
    const part = (key) => median(product.map((one) => one[key]));
    const ratio = (ms) => `${(ms / median(bare)).toFixed(1)}x`;
    return [
      {
        what: `19-step profile on an empty store, CPU against a plain DuckDB script (${Math.round(median(bare))} ms)`,
        measured: ratio(part('own') + part('engine')),
        budget: '<= 3x',
      },
      { what: 'of it the process itself', measured: ratio(part('own')), budget: '' },
      { what: 'of it the engine', measured: ratio(part('engine')), budget: '' },
    ];
  });

/** CPU of the command with its children, and of its engine, which is looked at until the command has ended. */
async function cpuOfRun(stateDir, out) {
  const words = ['run-profile', '--job', 'jobs/standard.yaml', '--profile', 'standard'];
  const child = spawn(
    'sh',
    [
      '-c',
      '"$0" "$@" >/dev/null 2>&1; times',
      process.execPath,
      cli,
      ...words,
      '--out',
      out,
      '--state-dir',
      stateDir,
    ],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more) => {
    text += more;
  });
  let isOver = false;
  const ended = new Promise((resolve) => child.once('close', resolve)).then(() => {
    isOver = true;
  });
  let engine = 0;
  while (!isOver) {
    engine = Math.max(engine, cpuBelow(stateDir));
    await pause(50);
  }
  await ended;
  const own = childrenMs(text);
  return { own, engine };
}
