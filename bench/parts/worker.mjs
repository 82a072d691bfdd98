/** The memory of a worker that waits for work. */

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { cli, withEngine } from '../measure.mjs';

export const worker = () =>
  withEngine(async (engine, stateDir) => {
    const child = spawn(
      process.execPath,
      [cli, 'worker', '--temporal-address', engine.address, '--state-dir', join(stateDir, 'w')],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const closed = new Promise((resolve) => child.once('close', resolve));
    const serves = new Promise((resolve) =>
      child.stderr.on('data', (text) => String(text).includes('serving') && resolve(true)),
    );
    if ((await Promise.race([serves, closed])) !== true) throw new Error('the worker ended');
    await pause(3_000);
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN);
    child.kill('SIGTERM');
    await closed;
    return [
      {
        what: 'idle worker, resident',
        measured: `${Math.round(kilobytes / 1024)} MB`,
        budget: '<= 200 MB',
      },
    ];
  });
