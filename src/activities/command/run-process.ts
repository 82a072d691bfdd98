/**
 * Runs one process group to its end.
 *
 * 1. The group is its own: a signal to the worker's terminal does not reach it.
 * 2. On abort it gets SIGTERM, and SIGKILL after a grace; what the command leaves behind ends with it.
 * 3. It cannot outlive the worker: a watcher in the group holds a pipe, and kills the group when the pipe closes.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { makeLines } from './lines.ts';

import type { Writable } from 'node:stream';

export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type ProcessOptions = {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  onLine(stream: 'out' | 'err', line: string): void;
};

const GRACE_MS = 5_000;

/** fd 3 ends when the worker is gone or done: whatever is left of the group then ends too. */
const WATCHED = `(trap '' TERM INT HUP; read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 </dev/null &
exec 3<&-
exec "$@"`;

/** Exit code or signal of the command. Rejects only if no process could be started. */
export async function runProcess(options: ProcessOptions): Promise<Ended> {
  const { argv, cwd, env, signal } = options;
  signal.throwIfAborted();
  const child = spawn('/bin/sh', ['-c', WATCHED, 'builder-step', ...argv], {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const pid = child.pid;
  if (pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error];
    throw error;
  }
  const watch = child.stdio[3] as Writable;
  watch.on('error', () => undefined);
  const out = makeLines((line) => options.onLine('out', line));
  const err = makeLines((line) => options.onLine('err', line));
  child.stdout?.setEncoding('utf8').on('data', out.push);
  child.stderr?.setEncoding('utf8').on('data', err.push);

  let alarm: NodeJS.Timeout | undefined;
  const stop = (): void => {
    signalGroup(pid, 'SIGTERM');
    alarm = setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MS);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const closed = once(child, 'close');
    const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    // Whatever the command left running ends with it; the watcher is among them.
    signalGroup(pid, 'SIGKILL');
    watch.destroy();
    await closed;
    return { code, signal: killedBy };
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(alarm);
    out.end();
    err.end();
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is empty, which is what was wanted.
  }
}
