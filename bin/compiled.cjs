/**
 * Compiled code that is kept in the user's cache folder. It is executed, so only what nobody but this user can have
 * written is read. What cannot be kept costs a tenth of a second at each start, and nothing else.
 */

'use strict';

const fs = require('node:fs');
const { homedir } = require('node:os');
const { dirname, join } = require('node:path');

const KEPT_MS = 30 * 24 * 3600 * 1000;

exports.folder = () => {
  const home = process.env.HOME || homedir();
  const base = process.env.XDG_CACHE_HOME || join(home, '.cache');
  return join(base, 'builder_cli', 'compiled');
};

/** Undefined for what is not there, or could have been written by somebody else. */
exports.read = (path) => {
  try {
    return isOwnFolder(dirname(path)) && isMine(path) ? fs.readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
};

/** Makes the folder if need be. True if nobody but this user can have put anything there, or there in its place. */
exports.makeFolder = () => {
  try {
    fs.mkdirSync(exports.folder(), { recursive: true, mode: 0o700 });
    return isOwnFolder(exports.folder());
  } catch {
    return false;
  }
};

exports.write = (path, bytes) => {
  try {
    if (!exports.makeFolder()) return;
    const fresh = `${path}.${process.pid}`;
    fs.writeFileSync(fresh, bytes, { mode: 0o600 });
    fs.renameSync(fresh, path);
    dropOld(dirname(path));
  } catch {
    // Said above.
  }
};

function isMine(path, others = 0o022) {
  const { uid, mode } = fs.lstatSync(path);
  return uid === (process.getuid?.() ?? uid) && (mode & others) === 0;
}

/** The one above it may be open to a group, which for many users is their own; a link is nobody's folder. */
function isOwnFolder(folder) {
  return (
    [folder, dirname(folder)].every((one) => fs.lstatSync(one).isDirectory()) &&
    isMine(folder) &&
    isMine(dirname(folder), 0o002)
  );
}

/** What earlier versions left is nobody's after a month. */
function dropOld(folder) {
  for (const file of fs.readdirSync(folder)) {
    const path = join(folder, file);
    if (Date.now() - fs.statSync(path).mtimeMs > KEPT_MS) fs.rmSync(path, { recursive: true });
  }
}
