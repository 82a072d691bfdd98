import { execFile } from 'node:child_process';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

const BIN = fileURLToPath(new URL('../../bin/builder_cli.cjs', import.meta.url));

type Package = {
  readonly root: string;
  /** Lets the bundle be this program. */
  bundle(code: string): Promise<void>;
  start(words?: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** Paths of the compiled bundles that are kept. */
  kept(): Promise<readonly string[]>;
};

/** An installed package whose one file is a small program, and a home of its own. */
async function withPackage(work: (it: Package) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "a package's "));
  const compiled = join(root, 'home', '.cache', 'builder_cli', 'compiled');
  try {
    for (const folder of ['bin', 'dist', 'home']) await mkdir(join(root, folder));
    await copyFile(BIN, join(root, 'bin', 'builder_cli.cjs'));
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
      kept: async () => {
        const names = await readdir(compiled).catch((): string[] => []);
        return names.map((name) => join(compiled, name));
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
