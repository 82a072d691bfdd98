/**
 * Runs one process group to its end.
 *
 * 1. The group is its own: a signal to the worker's terminal does not reach it.
 * 2. On abort it gets SIGTERM, and SIGKILL after a grace; the answer comes when the group is empty.
 * 3. It cannot outlive the worker: a watcher in the group holds a pipe, and kills the group when the pipe closes.
 * 4. What the command leaves running when it ends is ended as well.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';

import {
  fewerThan,
  groupEmpties,
  groupMembers,
  signalGroup,
  WATCHED_SHELL,
} from '../../os/process-group.ts';

import { openPipes } from './output-pipes.ts';

import type { TextSink } from './lines.ts';

export type Ended = {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Processes it left running, ended since. */
  readonly leftBehind: number;
};

export type ProcessOptions = {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly out: TextSink;
  readonly err: TextSink;
  /** Between SIGTERM and SIGKILL; 5 seconds by default. */
  readonly graceMs?: number;
  /** Told the group as soon as it exists; what it answers is called when the group is empty. */
  onStart?(group: number): () => void;
};

const GRACE_MS = 5_000;
const CLOSE_MS = 1_000;
const ENDING_MS = 250;

/** Exit code or signal of the command, once nothing of it runs any more. Rejects only if no process could be started. */
export async function runProcess(options: ProcessOptions): Promise<Ended> {
  const { argv, cwd, env, signal, out, err, graceMs = GRACE_MS } = options;
  signal.throwIfAborted();
  const pipes = await openPipes(['out', 'err']);
  const child = spawn('/bin/sh', ['-c', WATCHED_SHELL, 'builder-step', ...argv], {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ['ignore', pipes?.[0]?.writeFd ?? 'pipe', pipes?.[1]?.writeFd ?? 'pipe', 'pipe'],
  });
  for (const { writeFd } of pipes ?? []) closeSync(writeFd);
  const stdout = pipes?.[0]?.reader ?? child.stdout;
  const stderr = pipes?.[1]?.reader ?? child.stderr;
  const group = child.pid;
  if (group === undefined) {
    stdout?.destroy();
    stderr?.destroy();
    const [error] = await once(child, 'error');
    throw error;
  }
  const pipe = child.stdio[3];
  pipe?.on('error', () => undefined);
  stdout?.setEncoding('utf8').on('data', (text: string) => out.push(text));
  stderr?.setEncoding('utf8').on('data', (text: string) => err.push(text));
  const exited = new Promise<Pick<Ended, 'code' | 'signal'>>((resolve) => {
    child.once('exit', (code, killedBy) => resolve({ code, signal: killedBy }));
  });
  const closed = Promise.all(
    [stdout, stderr].map((stream) => new Promise((resolve) => stream?.once('close', resolve))),
  );

  let alarm: NodeJS.Timeout | undefined;
  const stop = (): void => {
    signalGroup(group, 'SIGTERM');
    alarm = setTimeout(() => signalGroup(group, 'SIGKILL'), graceMs);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const onEmpty = options.onStart?.(group);
    const ended = await exited;
    // On abort the others may use their grace as well; the watcher is the one that stays. Without one, what is
    // just ending by itself (the other end of a pipe) has a moment to do so before it counts as left running.
    await fewerThan(group, 2, signal.aborted ? graceMs : ENDING_MS);
    const leftBehind = Math.max(0, groupMembers(group).length - 1);
    pipe?.destroy();
    if (!(await groupEmpties(group, CLOSE_MS))) {
      signalGroup(group, 'SIGKILL');
      await groupEmpties(group, graceMs);
    }
    onEmpty?.();
    // Someone who left the group may still hold its output open.
    await Promise.race([closed, after(CLOSE_MS)]);
    return { ...ended, leftBehind };
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(alarm);
    pipe?.destroy();
    stdout?.destroy();
    stderr?.destroy();
    out.end();
    err.end();
  }
}

async function after(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
}
