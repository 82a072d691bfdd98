/** The 19-step profile on an empty store against one DuckDB session that does the same work: CPU of all processes. */

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { cli, median, root, used, withFolder } from './measure.mjs';

const TIMES = 3;
const TICK_MS = 10;

export const coldProfile = () =>
  withFolder(async (folder) => {
    const { loadDefinition } = await import('../dist/run/load-definition.js');
    const { KINDS } = await import('../dist/kinds/index.js');
    const { plan } = await loadDefinition({
      jobPath: 'jobs/standard.yaml',
      profile: 'standard',
      params: [],
      date: '2026-01-31',
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
  const own = [
    ...text
      .trim()
      .split('\n')
      .at(-1)
      .matchAll(/(\d+)m([\d.]+)s/g),
  ].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1_000,
    0,
  );
  return { own, engine };
}

/** CPU of the servers that work in a folder or below it. */
function cpuBelow(folder) {
  let ms = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)) continue;
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
      ms += (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    } catch {
      // It has just ended.
    }
  }
  return ms;
}
