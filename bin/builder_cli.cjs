#!/bin/sh
':' /*; # A shell reads this first: nohup has SIGHUP ignored, which node undoes at its start and then cannot see. It is told.
if [ -r "/proc/$$/status" ]; then
  while read -r key mask _; do [ "$key" != SigIgn: ] || break; done < "/proc/$$/status"
else
  mask=$(LC_ALL=C ps -o sigignore= -p $$ 2> /dev/null)
fi
unset BUILDER_IGNORES_HUP
case $mask in
  # SIGHUP is bit 1 of the mask of ignored signals.
  (*[13579bBdDfF]) export BUILDER_IGNORES_HUP=1 ;;
esac
exec node "$0" "$@"
*/;
/**
 * Starts the CLI from its one bundled file. V8's compiled form of it is kept in the user's cache folder: compiling
 * takes longer than most short commands. Only a file of this user that names the very same bundle is used.
 */

'use strict';

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const { homedir } = require('node:os');
const { dirname, join } = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');

// Files, hashes and queries all use the pool; node's own default of 4 would make them wait for each other.
process.env.UV_THREADPOOL_SIZE ??= '16';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `builder_cli: this node is ${process.versions.node}. Install Node.js 20.19 or newer (https://nodejs.org), then try again.`,
  );
  process.exit(3);
}

// The V8 of node 20 optimises what is warm on other threads, which costs a short command a quarter of its CPU and gains
// it nothing; what stays hot is optimised all the same, a moment later. Later ones wait by themselves, and have no such
// flag. Said before anything is compiled: compiled code is kept for one set of flags.
if (major === 20) v8.setFlagsFromString('--interrupt-budget=1000000');

const bundle = join(__dirname, '..', 'dist', 'cli.cjs');
const source = fs.readFileSync(bundle);
const name = createHash('sha1')
  .update(`${process.version} ${process.arch} ${bundle} `)
  .update(source)
  .digest('hex');
const cache = join(cacheFolder(), `${name}.bin`);

const script = new vm.Script(
  `(function (require, module, exports, __filename, __dirname) {${source}\n})`,
  { filename: bundle, cachedData: readCache() },
);
if (script.cachedDataRejected !== false) process.once('exit', writeCache);
const module_ = { exports: {} };
script.runInThisContext()(createRequire(bundle), module_, module_.exports, bundle, dirname(bundle));

function cacheFolder() {
  const home = process.env.HOME || homedir();
  const base = process.env.XDG_CACHE_HOME || join(home, '.cache');
  return join(base, 'builder_cli', 'compiled');
}

/** Undefined for what is not there, or could have been written by somebody else: it would be executed. */
function readCache() {
  try {
    const { uid, mode } = fs.statSync(cache);
    const { uid: folderUid, mode: folderMode } = fs.statSync(dirname(cache));
    const me = process.getuid?.() ?? uid;
    const isMine = uid === me && folderUid === me && ((mode | folderMode) & 0o022) === 0;
    return isMine ? fs.readFileSync(cache) : undefined;
  } catch {
    return undefined;
  }
}

/** A cache that cannot be written costs a tenth of a second at each start, and nothing else. */
function writeCache() {
  try {
    fs.mkdirSync(dirname(cache), { recursive: true, mode: 0o700 });
    const fresh = `${cache}.${process.pid}`;
    fs.writeFileSync(fresh, script.createCachedData(), { mode: 0o600 });
    fs.renameSync(fresh, cache);
    dropOld();
  } catch {
    // Said above.
  }
}

/** What earlier versions left is nobody's after a month. */
function dropOld() {
  for (const file of fs.readdirSync(dirname(cache))) {
    const path = join(dirname(cache), file);
    if (Date.now() - fs.statSync(path).mtimeMs > 30 * 24 * 3600 * 1000) fs.rmSync(path);
  }
}
