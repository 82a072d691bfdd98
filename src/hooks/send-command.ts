/** Runs the program of a hook once, with the message on its standard input. It ends in time, and with this process. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

import { lastBytes } from '../model/bounded-text.ts';
import { groupEmpties, signalGroup, WATCHED_SHELL } from '../os/process-group.ts';
import { fillText } from './fill.ts';
import { SendFailed } from './send-http.ts';

import type { HookMessage } from '../model/hook-message.ts';
import type { CommandHook } from '../model/hook.ts';
import type { Filling } from './fill.ts';

const MOST_SAID_BYTES = 300;
const GRACE_MS = 1_000;
const CLOSE_MS = 1_000;

/** @throws SendFailed, CannotSend */
export async function sendCommand(
  { argv, env, stdin, cwd }: CommandHook,
  message: HookMessage,
  about: {
    readonly filling: Filling;
    /** Of the process: the program sees PATH and HOME of it. */
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { filling, signal } = about;
  const words = argv.map((word) => fillText(word, filling));
  const variables = Object.entries(env).map(([name, value]) => [name, fillText(value, filling)]);
  const child = spawn('/bin/sh', ['-c', WATCHED_SHELL, 'builder-hook', ...words], {
    cwd,
    env: {
      PATH: about.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      HOME: about.env['HOME'] ?? cwd,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      BUILDER_RUN_ID: message.run_id,
      BUILDER_HOOK_EVENT: message.event,
      BUILDER_HOOK_KEY: message.key,
      ...Object.fromEntries(variables),
    },
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
  });
  const group = child.pid;
  if (group === undefined) {
    const [error] = await once(child, 'error');
    throw new SendFailed(`it cannot be started (${(error as NodeJS.ErrnoException).code})`);
  }
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = lastBytes(said + text, MOST_SAID_BYTES);
  });
  const silent = new Promise((resolve) => child.stderr?.once('end', resolve));
  for (const stream of child.stdio) stream?.on('error', () => undefined);
  child.stdin?.end(stdin === 'json' ? `${JSON.stringify(message)}\n` : `${asText(message)}\n`);
  const stop = (): void => {
    signalGroup(group, 'SIGTERM');
    setTimeout(() => signalGroup(group, 'SIGKILL'), GRACE_MS).unref();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const [code, killedBy] = (await once(child, 'exit')) as [number | null, string | null];
    if (signal.aborted) throw new SendFailed(whyStopped(signal));
    if (code === 0) return;
    // Its last words may come after its end; what it left running may hold them open.
    await Promise.race([silent, pause(CLOSE_MS, undefined, { ref: false })]);
    const how = code === null ? `was ended by ${killedBy}` : `ended with exit code ${code}`;
    const told = said.replaceAll(/\s+/g, ' ').trim();
    throw new SendFailed(`${argv[0]} ${how}${told === '' ? '' : `: ${told}`}`);
  } finally {
    signal.removeEventListener('abort', stop);
    // Whatever it left running ends with it.
    child.stdio[3]?.destroy();
    if (!(await groupEmpties(group, CLOSE_MS))) signalGroup(group, 'SIGKILL');
    for (const stream of child.stdio) stream?.destroy();
  }
}

function asText({ title, text }: HookMessage): string {
  return `${title}\n\n${text}`;
}

function whyStopped(signal: AbortSignal): string {
  return (signal.reason as Error | undefined)?.name === 'TimeoutError'
    ? 'it did not end in time'
    : 'it was broken off, for the process ends';
}
