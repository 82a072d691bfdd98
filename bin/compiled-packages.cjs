/**
 * Keeps V8's compiled form of the packages that a command loads, all in one file: a run with the engine loads 800 small
 * ones. Node does this by itself from 22.1 on; for the others its way to compile a module is replaced. What is kept of a
 * module is known by its place and its content.
 */

'use strict';

const { createHash } = require('node:crypto');
const Module = require('node:module');
const { dirname, sep } = require('node:path');
const vm = require('node:vm');

const compiled = require('./compiled.cjs');

const PACKAGES = `${sep}node_modules${sep}`;
const HEAD_BYTES = 4;
/** A first line for a shell, or `import()`, which code that was kept can no longer do. */
const NOT_KEPT = /^#!|\bimport\s*[(/]/;

/** `path` is the file in which they are kept. */
exports.keepPackages = (path) => {
  if (Module.enableCompileCache !== undefined) {
    // Node itself does not ask whose it is.
    if (compiled.makeFolder()) Module.enableCompileCache(compiled.folder());
    return;
  }
  const compile = Module.prototype._compile;
  const used = new Map();
  let kept;
  let hasNew = false;
  Module.prototype._compile = function (content, filename, format) {
    // A module of the other sort can be required, too; node then says so.
    const isOther = format !== undefined && format !== 'commonjs';
    if (isOther || !filename.includes(PACKAGES) || NOT_KEPT.test(content)) {
      return compile.call(this, content, filename, format);
    }
    kept ??= unpacked(compiled.read(path));
    const key = `${filename} ${createHash('sha1').update(content).digest('base64')}`;
    const cachedData = kept.get(key);
    const script = new vm.Script(Module.wrap(content), { filename, cachedData });
    if (script.cachedDataRejected !== false) {
      hasNew = true;
      used.set(key, script);
    }
    const wrapped = script.runInThisContext();
    return wrapped.call(
      this.exports,
      this.exports,
      requireOf(this),
      this,
      filename,
      dirname(filename),
    );
  };
  process.once('exit', () => {
    if (!hasNew) return;
    const all = new Map(kept);
    for (const [key, script] of used) all.set(key, script.createCachedData());
    compiled.write(path, packed(all));
  });
};

/** What node itself gives a module as `require`. */
function requireOf(module_) {
  const require_ = (id) => module_.require(id);
  require_.resolve = (request, options) =>
    Module._resolveFilename(request, module_, false, options);
  require_.resolve.paths = (request) => Module._resolveLookupPaths(request, module_);
  require_.main = process.mainModule;
  require_.extensions = Module._extensions;
  require_.cache = Module._cache;
  return require_;
}

/** Length of the list of keys and lengths, the list as JSON, then the bytes of each. */
function packed(entries) {
  const list = Buffer.from(JSON.stringify([...entries].map(([key, data]) => [key, data.length])));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(list.length);
  return Buffer.concat([head, list, ...entries.values()]);
}

function unpacked(bytes) {
  const entries = new Map();
  if (bytes === undefined) return entries;
  try {
    let at = HEAD_BYTES + bytes.readUInt32LE();
    for (const [key, length] of JSON.parse(bytes.toString('utf8', HEAD_BYTES, at))) {
      entries.set(key, bytes.subarray(at, at + length));
      at += length;
    }
    return at === bytes.length ? entries : new Map();
  } catch {
    return new Map();
  }
}
