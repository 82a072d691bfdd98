/** Small tools of the benchmark: medians, whole-process times, a server of its own. */

import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
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

export const ratio = (a, b) => `${(a / b).toFixed(2)}x`;
export const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;

/** CPU milliseconds of whole processes, in turn `times` times after a warm-up; the median of each. */
export function processesMs(commands, { times = 9, cwd = root } = {}) {
  const found = commands.map(() => []);
  for (let i = 0; i <= times; i += 1) {
    for (const [k, words] of commands.entries()) {
      const ms = cpuOf(words, { cwd });
      if (i > 0) found[k].push(ms);
    }
  }
  return found.map(median);
}

function cpuOf(words, { cwd }) {
  // Unlike other shells bash tells milliseconds, not ticks of ten.
  const { stdout } = spawnSync(
    'bash',
    ['-c', '"$0" "$@" >/dev/null 2>&1; times', process.execPath, ...words],
    { cwd, encoding: 'utf8' },
  );
  return childrenMs(stdout);
}

/** What the shell's `times` says of its children, in milliseconds. */
export function childrenMs(text) {
  const [user, system] = text.trim().split('\n').at(-1).split(' ').map(milliseconds);
  return user + system;
}

/** Does `a` and `b` in turn, so that a slow moment of the machine meets both; the median of what each measured. */
export async function inTurn(a, b, times = 5) {
  const found = { a: [], b: [] };
  await a();
  await b();
  for (let i = 0; i < times; i += 1) {
    found.a.push(await a());
    found.b.push(await b());
  }
  const medians = (list) => ({
    ms: median(list.map(({ ms }) => ms)),
    cpuMs: median(list.map(({ cpuMs }) => cpuMs)),
  });
  return { a: medians(found.a), b: medians(found.b) };
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
  const file = join(root, 'bench/children', script);
  const lines = spawnSync('sh', ['-c', '"$0" "$@" >&2; times', process.execPath, file, ...words], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (lines.status !== 0) throw new Error(lines.stderr);
  return {
    cpuMs: childrenMs(lines.stdout),
    megabytes: Number(/resident (\d+)/.exec(lines.stderr)?.[1]),
  };
}

/** `1m2.345s`, as the shell's `times` says it. */
function milliseconds(text) {
  const [, minutes, seconds] = /(\d+)m([\d.]+)s/.exec(text);
  return Number(minutes) * 60_000 + Number(seconds) * 1_000;
}

const TICK_MS = 10;

/** CPU of the processes that work in a folder or below it, such as the engine of a state folder. */
export function cpuBelow(folder) {
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

/** The bundled workflows of the bare SDK. */
export async function bareBundle() {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  return bundleWorkflowCode({
    workflowsPath: join(root, 'bench/children/bare.workflow.mjs'),
    logger: new DefaultLogger('ERROR'),
  });
}
