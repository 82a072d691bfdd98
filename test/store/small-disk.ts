/** A real filesystem of one megabyte, where the system lets us mount one. */

import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const UNMOUNTABLE = 'this process may not mount a filesystem';

/** Why tests on a small disk cannot run here; undefined if they can. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return UNMOUNTABLE;
  const probe = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', tmpdir()]);
  return probe.status === 0 ? undefined : UNMOUNTABLE;
}

/** Gives the test a folder on a disk of 1 MB, and a way to make it read-only. */
export async function withSmallDisk(
  work: (disk: string, setReadOnly: (readOnly: boolean) => void) => Promise<void>,
): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'builder-disk-'));
  const disk = join(parent, 'disk');
  await mkdir(disk);
  run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'none', disk);
  try {
    await work(disk, (readOnly) => run('mount', '-o', `remount,${readOnly ? 'ro' : 'rw'}`, disk));
  } finally {
    run('umount', '-l', disk);
    await rm(parent, { recursive: true, force: true });
  }
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
}
