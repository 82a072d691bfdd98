/** A process that has ended, and one that lives until told. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

import { ownIdentity } from '../../src/os/process-identity.ts';
import { bornOf } from '../../src/os/process-identity.ts';

import type { ProcessIdentity } from '../../src/os/process-identity.ts';

/** Identity of a process that has ended, its parent told. */
export function deadProcess(): ProcessIdentity {
  const { pid } = spawnSync(process.execPath, ['-e', '0']);
  return { pid, born: `${ownIdentity().born}1` };
}

/** Gives the test the identity of a living process that is not this one. */
export async function withLivingProcess(
  work: (identity: ProcessIdentity, kill: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  try {
    await work({ pid: child.pid!, born: bornOf(child.pid!)! }, kill);
  } finally {
    await kill();
  }
}
