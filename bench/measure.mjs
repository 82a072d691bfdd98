/** Small tools of the benchmark: medians, whole-process times, a server of its own. */

import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const cli = join(root, 'bin/builder_cli.cjs');

/** Middle value. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Milliseconds of a whole process, median of `times` after one warm-up. */
export function processMs(words, { times = 7, cwd = root } = {}) {
  const run = () => {
    const started = performance.now();
    spawnSync(process.execPath, words, { cwd, stdio: 'ignore' });
    return performance.now() - started;
  };
  run();
  return median(Array.from({ length: times }, run));
}

/** Times `a` and `b` in turn, so that a slow moment of the machine meets both; medians. */
export async function inTurn(a, b, times = 3) {
  const results = { a: [], b: [] };
  await a();
  await b();
  for (let i = 0; i < times; i += 1) {
    results.a.push(await a());
    results.b.push(await b());
  }
  return { a: median(results.a), b: median(results.b) };
}

/** Hands a temporary folder to `work` and removes it. */
export async function withFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), 'builder-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** Lines of stderr of a command with the milliseconds at which they came, and its whole time. */
export async function timedLines(words, { cwd }) {
  const started = performance.now();
  const child = spawn(process.execPath, words, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  const lines = [];
  child.stderr.setEncoding('utf8').on('data', (text) => {
    for (const line of text.split('\n')) lines.push({ line, ms: performance.now() - started });
  });
  await new Promise((resolve) => child.once('close', resolve));
  return { lines, ms: performance.now() - started };
}

/** Where fetched servers lie. */
export function cacheDir() {
  return process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? homedir(), '.cache');
}

/** Starts an engine of its own with the product's settings. */
export async function withEngine(work) {
  const { ensureEngine } = await import('../dist/engine/engine.js');
  return withFolder(async (stateDir) => {
    const engine = await ensureEngine({
      stateDir,
      cacheDir: cacheDir(),
      env: process.env,
      onProgress: () => undefined,
    });
    try {
      return await work(engine, stateDir);
    } finally {
      await engine.release();
      const { stopEngine } = await import('../dist/engine/engine.js');
      await stopEngine(stateDir);
    }
  });
}

/** Runs a script of this folder and answers what it and its children used: CPU and the script's greatest memory. */
export function used(script, words, { cwd = root } = {}) {
  const file = join(root, 'bench', script);
  const lines = spawnSync('sh', ['-c', '"$0" "$@" >&2; times', process.execPath, file, ...words], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (lines.status !== 0) throw new Error(lines.stderr);
  const [user, system] = lines.stdout.trim().split('\n').at(-1).split(' ').map(milliseconds);
  return { cpuMs: user + system, megabytes: Number(/resident (\d+)/.exec(lines.stderr)?.[1]) };
}

/** `1m2.345s`, as the shell's `times` says it. */
function milliseconds(text) {
  const [, minutes, seconds] = /(\d+)m([\d.]+)s/.exec(text);
  return Number(minutes) * 60_000 + Number(seconds) * 1_000;
}
