/** A container as far as processes go: a pid namespace of its own with its own /proc. Needs Linux and root. */

import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readlinkSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

/** Words that run a command as pid 1 of a new pid namespace, which ends with them. */
export const CONTAINER = Object.freeze([
  'unshare',
  '--pid',
  '--fork',
  '--mount-proc',
  '--kill-child',
] as const);

/** Why none can be made here; undefined if one can. */
export function whyNoContainer(): string | undefined {
  try {
    execFileSync(CONTAINER[0], [...CONTAINER.slice(1), 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'pid namespaces need Linux, unshare and root';
  }
}

/** Sends a signal to each process of a container (by the `unshare` that runs it) whose command fits; none can refuse. */
export function signalContainer(
  unshare: number,
  signal: NodeJS.Signals,
  is: (command: string) => boolean = () => true,
): void {
  const [first] = childrenOf(unshare);
  const namespace = namespaceOf(first ?? -1);
  if (namespace === undefined) throw new Error('the container is gone');
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const pid = Number(name);
    if (pid === unshare || namespaceOf(pid) !== namespace) continue;
    if (is(commandOf(pid))) process.kill(pid, signal);
  }
}

/**
 * Keeps the number of a container's namespace taken until what it answers is called. Else the next container may get it,
 * and then sees for itself that all processes of the one before are gone.
 */
export function holdNamespace(unshare: number): () => void {
  const [first] = childrenOf(unshare);
  const held = openSync(`/proc/${first}/ns/pid`, 'r');
  return () => closeSync(held);
}

/** Lets the lease files below a folder look as if nobody had renewed them for a while. */
export function age(folder: string, is: (name: string) => boolean, seconds = 61): void {
  const past = new Date(Date.now() - seconds * 1000);
  for (const name of readdirSync(folder).filter(is)) utimesSync(join(folder, name), past, past);
}

/** Runs a program in a container, its standard streams piped. */
export function spawnInContainer(words: readonly string[]): ReturnType<typeof spawn> {
  const [program, ...options] = CONTAINER;
  return spawn(program, [...options, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}
