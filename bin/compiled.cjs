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
    return isMine(dirname(path)) && isMine(path) ? fs.readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
};

exports.write = (path, bytes) => {
  try {
    fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const fresh = `${path}.${process.pid}`;
    fs.writeFileSync(fresh, bytes, { mode: 0o600 });
    fs.renameSync(fresh, path);
    dropOld(dirname(path));
  } catch {
    // Said above.
  }
};

function isMine(path) {
  const { uid, mode } = fs.statSync(path);
  return uid === (process.getuid?.() ?? uid) && (mode & 0o022) === 0;
}

/** What earlier versions left is nobody's after a month. */
function dropOld(folder) {
  for (const file of fs.readdirSync(folder)) {
    const path = join(folder, file);
    if (Date.now() - fs.statSync(path).mtimeMs > KEPT_MS) fs.rmSync(path, { recursive: true });
  }
}
