/** Pipes for what a command prints. Node's own are sockets, which no program can open again as /dev/stdout or /dev/stderr. */

import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Readable } from 'node:stream';

export type OutputPipe = {
  readonly reader: Readable;
  /** The end that is handed to the command; closed here once it has it. */
  readonly writeFd: number;
};

const run = promisify(execFile);

/** One pipe for each name; undefined where the system has none to give, so that sockets must do. */
export async function openPipes(names: readonly string[]): Promise<OutputPipe[] | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-pipes-'));
  const opened: OutputPipe[] = [];
  try {
    const paths = names.map((name) => join(folder, name));
    await run('mkfifo', ['-m', '600', ...paths]);
    // Once both ends are open nobody needs the name: a program opens its own descriptor again.
    for (const path of paths) opened.push(openPipe(path));
    return opened;
  } catch {
    for (const { reader, writeFd } of opened) {
      reader.destroy();
      closeSync(writeFd);
    }
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The reading end first and without waiting: the other way round each open would wait for the other. */
function openPipe(path: string): OutputPipe {
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(path, constants.O_WRONLY);
  return { reader: new Socket({ fd: readFd, readable: true, writable: false }), writeFd };
}
