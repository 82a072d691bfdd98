/**
 * `node:fs` of a process that dies at a chosen call: a write of it leaves the first bytes, and nothing follows. Or of one
 * whose disk fails at that call, once, and that goes on.
 */

import * as realFs from 'node:fs';
import * as realPromises from 'node:fs/promises';

type Call = (...args: never[]) => unknown;

export class Died extends Error {}

/** Calls that change something which are still made, and bytes of the write that is not. */
const left = { calls: Infinity, bytes: 0 };

/** What the disk does once, where the process lives on: refuses the change, or takes the first bytes and says so. */
export type Fault = 'ENOSPC' | 'EIO' | 'short';
let fault: Fault | undefined;
let hasFault = false;

/** The `calls`-th change from now on fails, after `bytes` of it were written; all others are made. */
export function failAt(calls: number, bytes: number, how: Fault): void {
  dieAt(calls, bytes);
  fault = how;
  hasFault = false;
}

/** True once the change was reached. */
export function hasFailed(): boolean {
  return hasFault;
}

/** From now on the `calls`-th change kills, after `bytes` of it were written. */
export function dieAt(calls: number, bytes: number): void {
  left.calls = calls;
  left.bytes = bytes;
}

/** Another process begins. */
export function revive(): void {
  left.calls = Infinity;
  fault = undefined;
}

/** The failure of the one change that the disk refuses. */
function failed(how: Fault): Error {
  revive();
  hasFault = true;
  const code = how === 'short' ? 'ENOSPC' : how;
  return Object.assign(new Error(`${code}: refused by a test`), { code });
}

export function isDead(): boolean {
  return left.calls <= 0;
}

function changing<F extends Call>(real: F): F {
  return ((...args: never[]) => {
    left.calls -= 1;
    if (left.calls <= 0) throw fault === undefined ? new Died() : failed(fault);
    return real(...args);
  }) as F;
}

/** The bytes that reach the disk, and whether the process goes on. */
function writing<T>(bytes: Uint8Array, write: (part: Uint8Array) => T): T {
  left.calls -= 1;
  if (left.calls > 0) return write(bytes);
  const part = left.calls === 0 ? write(bytes.subarray(0, left.bytes)) : undefined;
  if (fault === undefined) throw new Died();
  // Only a plain write tells how many bytes it took; of a whole file the rest is refused.
  const isTold = fault === 'short' && typeof part === 'number';
  const failure = failed(fault);
  if (!isTold) throw failure;
  return part;
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
  fdatasync: (fd: number, done: (error: Error | null) => void) => {
    try {
      changing(() => undefined)();
    } catch (error) {
      return done(error as Error);
    }
    realFs.fdatasync(fd, done);
  },
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
