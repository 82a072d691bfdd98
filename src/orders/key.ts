/** The secret of a state folder: who can read it may have work done there. This layer imports the model, os and node:. */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { temporaryName } from '../os/atomic.ts';

import type { Stats } from 'node:fs';

export type OrderKey = Buffer;

const KEY_BYTES = 32;
const OTHERS = 0o077;

/** The key, made by the first who asks. @throws UserError STATE_DIR_UNUSABLE if others could have read or put it there */
export function openOrderKey(stateDir: string): OrderKey {
  return inClearWords(stateDir, () => {
    const found = read(stateDir);
    if (found !== undefined) return found;
    mkdirSync(folderOf(stateDir), { recursive: true, mode: 0o700 });
    refuseForeign(folderOf(stateDir), lstatSync(folderOf(stateDir)));
    create(stateDir);
    return read(stateDir) ?? fail(fileOf(stateDir), 'went away while it was read');
  });
}

/** The key if there is one that can be trusted. For orders to workers that may not demand any. */
export function findOrderKey(stateDir: string): OrderKey | undefined {
  try {
    return read(stateDir);
  } catch {
    return undefined;
  }
}

function folderOf(stateDir: string): string {
  return join(stateDir, 'keys');
}

function fileOf(stateDir: string): string {
  return join(folderOf(stateDir), 'orders');
}

function read(stateDir: string): OrderKey | undefined {
  const folder = lstatSync(folderOf(stateDir), { throwIfNoEntry: false });
  if (folder === undefined) return undefined;
  refuseForeign(folderOf(stateDir), folder);
  const path = fileOf(stateDir);
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const info = fstatSync(file);
    refuseForeign(path, info);
    if (!info.isFile() || info.size !== KEY_BYTES) fail(path, 'is damaged');
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Whole under a name of its own first; of several that do so at once, the first one's stays. */
function create(stateDir: string): void {
  const temporary = temporaryName(folderOf(stateDir));
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(file, randomBytes(KEY_BYTES));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    linkSync(temporary, fileOf(stateDir));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function refuseForeign(path: string, info: Stats): void {
  const uid = process.getuid?.();
  if (uid !== undefined && info.uid !== uid) fail(path, `belongs to another user (${info.uid})`);
  if ((info.mode & OTHERS) !== 0) fail(path, 'can be read or written by other users');
}

function fail(path: string, what: string): never {
  throw new UserError('STATE_DIR_UNUSABLE', `the secret of the state folder, ${path}, ${what}`, {
    hint: 'Remove it, and a new one is made; runs that are open go on with resume. Or give a state folder of your own with --state-dir.',
  });
}

function inClearWords<T>(stateDir: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new UserError(
      'STATE_DIR_UNUSABLE',
      `the secret of the state folder, ${fileOf(stateDir)}, cannot be read or made (${code})`,
      { hint: 'Give another state folder with --state-dir.', cause: error },
    );
  }
}
