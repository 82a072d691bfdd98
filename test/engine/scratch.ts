/** A state folder of its own for one test, and waiting for what another process does. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { stopEngine } from '../../src/engine/engine.ts';
import { enginePaths } from '../../src/engine/engine-paths.ts';
import { bornOf } from '../../src/os/born.ts';
import { readServers } from '../../src/engine/server-records.ts';

/** Gives the test a fresh folder; afterwards its engine is stopped, and the folder removed. */
export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'engine-'));
  try {
    await work(folder);
  } finally {
    await stopEngine(folder);
    await eventually(() => readServers(enginePaths(folder).servers).length === 0, 3000);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until something is so, at most ten seconds; answers whether it is. */
export async function eventually(isSo: () => boolean, limitMs = 10_000): Promise<boolean> {
  const giveUpAtMs = Date.now() + limitMs;
  while (!isSo() && Date.now() < giveUpAtMs) await pause(10);
  return isSo();
}

/** Files that say something about processes; empty when the engine is gone for good. */
export function leftovers(stateDir: string): readonly string[] {
  const { root, lock, leases, servers } = enginePaths(stateDir);
  const locks = namesIn(root).filter((name) => name.startsWith(basename(lock)));
  return [...locks, ...namesIn(leases), ...namesIn(servers)];
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** True while a process of this id runs; a dead one that nobody has collected yet does not. */
export function exists(pid: number): boolean {
  return bornOf(pid) !== undefined;
}
