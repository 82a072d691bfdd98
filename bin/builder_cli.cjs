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
 * The packages that are not in the bundle are kept beside it.
 */

'use strict';

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');

const compiled = require('./compiled.cjs');
const { keepPackages } = require('./compiled-packages.cjs');

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
const cache = join(compiled.folder(), `${name}.bin`);
keepPackages(join(compiled.folder(), `${name}.packages`));

const script = new vm.Script(
  `(function (require, module, exports, __filename, __dirname) {${source}\n})`,
  { filename: bundle, cachedData: compiled.read(cache) },
);
if (script.cachedDataRejected !== false) {
  process.once('exit', () => compiled.write(cache, script.createCachedData()));
}
const module_ = { exports: {} };
script.runInThisContext()(createRequire(bundle), module_, module_.exports, bundle, dirname(bundle));
