/** `node:fs` of a process that dies at a chosen call: a write of it leaves the first bytes, and nothing follows. */

import * as realFs from 'node:fs';
import * as realPromises from 'node:fs/promises';

type Call = (...args: never[]) => unknown;

export class Died extends Error {}

/** Calls that change something which are still made, and bytes of the write that is not. */
const left = { calls: Infinity, bytes: 0 };

/** From now on the `calls`-th change kills, after `bytes` of it were written. */
export function dieAt(calls: number, bytes: number): void {
  left.calls = calls;
  left.bytes = bytes;
}

/** Another process begins. */
export function revive(): void {
  left.calls = Infinity;
}

export function isDead(): boolean {
  return left.calls <= 0;
}

function changing<F extends Call>(real: F): F {
  return ((...args: never[]) => {
    left.calls -= 1;
    if (left.calls <= 0) throw new Died();
    return real(...args);
  }) as F;
}

/** The bytes that reach the disk, and whether the process goes on. */
function writing<T>(bytes: Uint8Array, write: (part: Uint8Array) => T): T {
  left.calls -= 1;
  if (left.calls === 0) write(bytes.subarray(0, left.bytes));
  if (left.calls <= 0) throw new Died();
  return write(bytes);
}

export const dyingFs = {
  ...realFs,
  writeSync: (fd: number, bytes: Uint8Array) =>
    writing(bytes, (part) => realFs.writeSync(fd, part)),
  rmSync: changing(realFs.rmSync),
  renameSync: changing(realFs.renameSync),
  linkSync: changing(realFs.linkSync),
  writeFileSync: changing(realFs.writeFileSync as Call) as typeof realFs.writeFileSync,
  openSync: changing(realFs.openSync as Call) as typeof realFs.openSync,
  fdatasyncSync: changing(realFs.fdatasyncSync),
};

export const dyingPromises = {
  ...realPromises,
  rm: changing(async (...args: Parameters<typeof realPromises.rm>) => realPromises.rm(...args)),
  rmdir: changing(async (path: string) => realPromises.rmdir(path)),
  rename: changing(async (from: string, to: string) => realPromises.rename(from, to)),
  open: async (...args: Parameters<typeof realPromises.open>) => {
    const handle = await changing(async () => realPromises.open(...args))();
    return {
      writeFile: async (bytes: Uint8Array) => writing(bytes, (part) => handle.writeFile(part)),
      datasync: changing(async () => handle.datasync()),
      sync: changing(async () => handle.sync()),
      stat: async () => handle.stat(),
      read: handle.read.bind(handle),
      close: async () => handle.close(),
    };
  },
};
