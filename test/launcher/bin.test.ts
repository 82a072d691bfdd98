import { execFile } from 'node:child_process';
import nodeModule from 'node:module';
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, test } from '@jest/globals';

const BIN = fileURLToPath(new URL('../../bin', import.meta.url));

type Package = {
  readonly root: string;
  /** Lets the bundle be this program. */
  bundle(code: string): Promise<void>;
  start(words?: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** Makes a package that the bundle can load. */
  dependency(name: string, code: string): Promise<void>;
  /** Paths of the compiled code that is kept, of the bundle or of packages. */
  kept(of?: 'bin' | 'packages'): Promise<readonly string[]>;
};

/** An installed package whose one file is a small program, and a home of its own. */
async function withPackage(work: (it: Package) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "a package's "));
  const compiled = join(root, 'home', '.cache', 'builder_cli', 'compiled');
  try {
    for (const folder of ['dist', 'home']) await mkdir(join(root, folder));
    await cp(BIN, join(root, 'bin'), { recursive: true });
    await work({
      root,
      bundle: (code) => writeFile(join(root, 'dist', 'cli.cjs'), code),
      start: async (words = [], env = {}) => {
        const { stdout } = await promisify(execFile)(
          process.execPath,
          [join(root, 'bin', 'builder_cli.cjs'), ...words],
          { env: { PATH: process.env['PATH'], HOME: join(root, 'home'), ...env } },
        );
        return stdout;
      },
      dependency: async (name, code) => {
        const folder = join(root, 'node_modules', name);
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, 'index.js'), code);
      },
      kept: async (of = 'bin') => {
        const names = await readdir(compiled).catch((): string[] => []);
        return names.filter((name) => name.endsWith(`.${of}`)).map((name) => join(compiled, name));
      },
    });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

test('starts the bundle with its words, its own place and a pool that is large enough', () =>
  withPackage(async ({ root, bundle, start }) => {
    await bundle(
      'console.log(process.env.UV_THREADPOOL_SIZE, __dirname, require.resolve("./cli.cjs"), ...process.argv.slice(2))',
    );
    const dist = join(root, 'dist');
    expect(await start(['a b', '*'])).toBe(`16 ${dist} ${join(dist, 'cli.cjs')} a b *\n`);
    expect(await start([], { UV_THREADPOOL_SIZE: '3' })).toMatch(/^3 /);
  }));

test('keeps the compiled bundle for this user alone, one for each content', () =>
  withPackage(async ({ bundle, start, kept }) => {
    await bundle('console.log(1)');
    expect([await start(), await start()]).toEqual(['1\n', '1\n']);
    const [first = '', ...more] = await kept();
    expect(more).toEqual([]);
    expect((await stat(first)).mode & 0o777).toBe(0o600);
    // V8 itself looks at the length of the source alone.
    await bundle('console.log(2)');
    expect([await start(), await start()]).toEqual(['2\n', '2\n']);
    expect(await kept()).toHaveLength(2);
  }));

test('does not run a compiled bundle that somebody else could have written', () =>
  withPackage(async ({ bundle, start, kept }) => {
    await bundle('console.log(1)');
    await start();
    const [ours = ''] = await kept();
    await bundle('console.log(2)');
    await start();
    const other = (await kept()).find((path) => path !== ours) ?? '';
    // The compiled form of 1 in the place of that of 2: V8 takes it, as it cannot tell them apart.
    await copyFile(ours, other);
    expect(await start()).toBe('1\n');
    await chmod(other, 0o666);
    expect(await start()).toBe('2\n');
  }));

test('touches nothing in a cache folder that is a link, or lies in one that everybody may write to', () =>
  withPackage(async ({ root, bundle, start }) => {
    await bundle('console.log(1)');
    const precious = join(root, 'precious');
    const old = join(precious, 'old');
    await mkdir(old, { recursive: true });
    await utimes(old, 0, 0);
    const base = join(root, 'home', '.cache', 'builder_cli');
    await mkdir(base, { recursive: true });
    await symlink(precious, join(base, 'compiled'));
    expect(await start()).toBe('1\n');
    expect(await readdir(precious)).toEqual(['old']);
    await rm(join(base, 'compiled'));
    await chmod(base, 0o777);
    expect(await start()).toBe('1\n');
    expect(await readdir(join(base, 'compiled'))).toEqual([]);
    await chmod(base, 0o755);
    await start();
    expect(await readdir(join(base, 'compiled'))).not.toEqual([]);
  }));

test.each([
  ["trap '' HUP; ", '1'],
  ['', 'undefined'],
])(
  'started by itself, as a package is, it tells whether its starter had SIGHUP ignored (%j)',
  (before, told) =>
    withPackage(async ({ root, bundle }) => {
      await bundle('console.log(process.env.BUILDER_IGNORES_HUP, ...process.argv.slice(2))');
      await chmod(join(root, 'bin', 'builder_cli.cjs'), 0o755);
      const link = join(root, 'home', 'builder_cli');
      await symlink('../bin/builder_cli.cjs', link);
      const env = { PATH: process.env['PATH'], HOME: join(root, 'home'), BUILDER_IGNORES_HUP: '1' };
      const script = `${before}exec "$0" 'a b' '*'`;
      const { stdout } = await promisify(execFile)('/bin/sh', ['-c', script, link], { env });
      expect(stdout).toBe(`${told} a b *\n`);
    }),
);

test('runs where nothing can be kept', () =>
  withPackage(async ({ root, bundle, start }) => {
    await bundle('console.log(1)');
    await writeFile(join(root, 'home', '.cache'), 'a file');
    expect(await start()).toBe('1\n');
  }));

/** From 22.1 on node keeps what packages compile to, in its own form. */
const ofNode20 = Reflect.has(nodeModule, 'enableCompileCache') ? describe.skip : describe;

ofNode20('the compiled form of packages', () => {
  test('is kept for this user alone, and that of a package that has changed is not run', () =>
    withPackage(async ({ bundle, dependency, start, kept }) => {
      await bundle('console.log(require("one"), require("two"))');
      await dependency('one', 'module.exports = 1');
      await dependency('two', 'module.exports = 2');
      expect([await start(), await start()]).toEqual(['1 2\n', '1 2\n']);
      const [file = '', ...more] = await kept('packages');
      expect(more).toEqual([]);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      // Both are as long as they were: V8 itself looks at nothing else.
      await dependency('one', 'module.exports = 3');
      expect([await start(), await start()]).toEqual(['3 2\n', '3 2\n']);
    }));

  test('is that of the packages that any command has loaded, and of no others', () =>
    withPackage(async ({ bundle, dependency, start, kept }) => {
      await bundle('for (const name of process.argv.slice(2)) require(name)');
      await dependency('one', 'module.exports = 1');
      await dependency('two', 'module.exports = 2');
      const keptNow = async (): Promise<string> =>
        (await readFile((await kept('packages'))[0] ?? '')).toString('latin1');
      await start(['one']);
      expect(await keptNow()).toMatch(/node_modules\/one\//);
      await start(['two']);
      expect(await keptNow()).toMatch(/node_modules\/one\/.*node_modules\/two\//s);
      const { mtimeMs } = await stat((await kept('packages'))[0] ?? '');
      await start(['one', 'two']);
      expect((await stat((await kept('packages'))[0] ?? '')).mtimeMs).toBe(mtimeMs);
    }));

  test('is neither run nor trusted where somebody else could have written it, or it is damaged', () =>
    withPackage(async ({ bundle, dependency, start, kept }) => {
      await bundle('console.log(require("one"))');
      await dependency('one', 'module.exports = 1');
      await start();
      const [file = ''] = await kept('packages');
      const whole = await readFile(file);
      for (const length of [0, 3, 10, whole.length - 1]) {
        await writeFile(file, whole.subarray(0, length));
        expect(await start()).toBe('1\n');
        expect((await stat(file)).size).toBe(whole.length);
      }
      await chmod(file, 0o666);
      expect(await start()).toBe('1\n');
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }));

  test('is not made of a package that is written in the other module system, which can be required all the same', () =>
    withPackage(async ({ root, bundle, dependency, start }) => {
      await bundle('console.log(require("one").named)');
      await dependency('one', 'export const named = "by import";');
      const about = '{ "type": "module", "main": "index.js" }';
      await writeFile(join(root, 'node_modules', 'one', 'package.json'), about);
      expect([await start(), await start()]).toEqual(['by import\n', 'by import\n']);
    }));

  test('changes nothing of what a package sees', () =>
    withPackage(async ({ root, bundle, dependency, start }) => {
      await bundle('require("one").then(console.log)');
      await dependency('other', 'module.exports = import("last")');
      await dependency('last', 'module.exports = "last"');
      await dependency(
        'one',
        `module.exports = (async () => JSON.stringify([
          __filename, __dirname, this === exports, module.id, module.loaded, await require('other'),
          require.resolve('other'), require.resolve.paths('other'), require.main === process.mainModule,
          __filename in require.cache, Object.keys(require.extensions),
        ]))()`,
      );
      const { stdout: bare } = await promisify(execFile)(
        process.execPath,
        [join(root, 'dist', 'cli.cjs')],
        { env: { HOME: join(root, 'home') } },
      );
      expect(bare).toContain('last');
      expect([await start(), await start()]).toEqual([bare, bare]);
    }));
});
