/** A process that has ended, and one that lives until told. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

import { bornOf } from '../../src/os/born.ts';
import { ownOwner } from '../../src/os/owner.ts';

import type { Owner } from '../../src/os/owner.ts';

/** A process of this machine that has ended, its parent told. */
export function deadProcess(): Owner {
  const { pid } = spawnSync(process.execPath, ['-e', '0']);
  return { ...ownOwner(), pid, born: `${ownOwner().born}1` };
}

/** Gives the test a living process that is not this one. */
export async function withLivingProcess(
  work: (owner: Owner, kill: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  try {
    await work({ ...ownOwner(), pid: child.pid!, born: bornOf(child.pid!)! }, kill);
  } finally {
    await kill();
  }
}
