import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';

import { expect, jest, test } from '@jest/globals';

import { nodeOf, NPM, withClone } from './fake-clone.ts';

jest.setTimeout(30_000);

const SET_UP = ['ci', 'run'];

test('the first start installs, builds and says so on stderr; the second does neither', () =>
  withClone(async ({ root, start, asked }) => {
    const first = await start(['validate']);
    expect(first).toEqual({
      code: 7,
      out: `<${root}/bin/builder_cli.cjs>\n<validate>\n`,
      err: 'builder_cli: installing its packages (npm ci), about half a minute\nbuilder_cli: building it (npm run build), a few seconds\n',
    });
    expect(asked()).toEqual(SET_UP);
    expect(await start()).toMatchObject({ code: 7, err: '' });
    expect(asked()).toEqual([]);
    expect(readdirSync(join(root, '.builder'))).toEqual([]);
  }));

test('works from any folder, through links, and hands every argument on as it is', () =>
  withClone(async ({ root, start }) => {
    mkdirSync(join(root, 'links'));
    symlinkSync('../builder_cli', join(root, 'links', 'relative'));
    symlinkSync(join(root, 'links', 'relative'), join(root, 'links', 'absolute'));
    const { out } = await start(['a b', '', '*', '--x="y"'], {
      cwd: '/',
      command: join(root, 'links', 'absolute'),
    });
    expect(out).toBe(`<${root}/bin/builder_cli.cjs>\n<a b>\n<>\n<*>\n<--x="y">\n`);
  }));

test.each([
  ["trap '' HUP; ", '1'],
  ['', 'unset'],
])('tells whether its starter had SIGHUP ignored (%j)', (before, told) =>
  withClone(async ({ start, tool }) => {
    tool('node', nodeOf('20.19.0').replace('exit 7', 'echo "${BUILDER_IGNORES_HUP-unset}"'));
    const { out } = await start(['-c', `${before}exec ./builder_cli`], { command: '/bin/sh' });
    expect(out.trim().split('\n').at(-1)).toBe(told);
  }),
);

test('works by a relative path whatever CDPATH is', () =>
  withClone(async ({ root, start }) => {
    mkdirSync(join(root, 'elsewhere', 'a clone'), { recursive: true });
    const { code, out } = await start([], {
      cwd: join(root, '..'),
      command: 'a clone/builder_cli',
      env: { CDPATH: `${join(root, 'elsewhere')}:.` },
    });
    expect([code, out]).toEqual([7, `<${root}/bin/builder_cli.cjs>\n`]);
  }));

test.each([
  ['the lock file', 'package-lock.json', SET_UP],
  ['a source', 'src/a.ts', ['run']],
  ['a new source', 'src/deep/b.ts', ['run']],
  ['the compiler settings', 'tsconfig.json', ['run']],
  ['the script that builds', 'scripts/build.mjs', ['run']],
  ['something else', 'README.md', []],
])('a change of %s does what it asks for', (_what, path, expected) =>
  withClone(async ({ write, start, asked }) => {
    await start();
    asked();
    write(path, '// changed');
    await start();
    expect(asked()).toEqual(expected);
    await start();
    expect(asked()).toEqual([]);
  }),
);

test('it goes by contents: a newer date changes nothing, a source that is gone does', () =>
  withClone(async ({ root, start, asked }) => {
    await start();
    asked();
    utimesSync(join(root, 'src/a.ts'), new Date(), new Date());
    await start();
    expect(asked()).toEqual([]);
    rmSync(join(root, 'src/a.ts'));
    await start();
    expect(asked()).toEqual(['run']);
  }));

test('another major version of node installs again, another minor does not', () =>
  withClone(async ({ tool, start, asked }) => {
    await start();
    asked();
    tool('node', nodeOf('20.20.2'));
    await start();
    expect(asked()).toEqual([]);
    tool('node', nodeOf('24.1.0'));
    await start();
    expect(asked()).toEqual(SET_UP);
  }));

test.each([
  ['no node', undefined, 'node is not installed'],
  ['node 18', nodeOf('18.20.0'), 'this node is 18.20.0'],
  ['node 20 that is too old', nodeOf('20.9.0'), 'this node is 20.9.0'],
])('%s: says what to install and ends with 3', (_what, script, sentence) =>
  withClone(async ({ tool, start, asked }) => {
    tool('node', script);
    const { code, err } = await start();
    expect(code).toBe(3);
    expect(err).toContain(sentence);
    expect(err).toContain('Install Node.js 20.19 or newer');
    expect(asked()).toEqual([]);
  }),
);

test('an installation that fails shows its last lines and its log, and is tried again', () =>
  withClone(async ({ root, tool, start, asked }) => {
    tool('npm', '#!/bin/sh\necho "$*" >> asked\necho "npm error network" >&2\nexit 1\n');
    const { code, err } = await start();
    expect(code).toBe(3);
    expect(err).toContain('npm error network');
    expect(err).toContain('could not be installed');
    const log = /the whole log is (.*)/.exec(err)?.[1] ?? '';
    expect(existsSync(log)).toBe(true);
    expect(readdirSync(join(root, '.builder'))).toEqual([]);
    expect(asked()).toEqual(['ci']);
    tool('npm', NPM);
    expect((await start()).code).toBe(7);
    expect(asked()).toEqual(SET_UP);
  }));

test('a build that fails does not install again', () =>
  withClone(async ({ tool, start, asked }) => {
    tool('npm', `${NPM}[ "$1" = ci ] || { echo "src/a.ts: no"; exit 1; }\n`);
    const { code, err } = await start();
    expect(code).toBe(3);
    expect(err).toContain('src/a.ts: no');
    expect(err).toContain('could not be built');
    asked();
    tool('npm', NPM);
    await start();
    expect(asked()).toEqual(['run']);
  }));

test('two that start together set it up once, and both run', () =>
  withClone(async ({ tool, start, asked }) => {
    tool('npm', `${NPM}sleep 1\n`);
    const both = await Promise.all([start(), start()]);
    expect(both.map(({ code }) => code)).toEqual([7, 7]);
    expect(asked()).toEqual(SET_UP);
    expect(both.map(({ err }) => err).join('')).toMatch(/waiting for process \d+/);
  }));

test('the lock of a dead process is taken over', () =>
  withClone(async ({ root, write, start, asked }) => {
    write('.builder/setup.lock/owner', `${process.pid} 1 ${place()}\n`);
    expect((await start()).code).toBe(7);
    expect(asked()).toEqual(SET_UP);
    expect(readdirSync(join(root, '.builder'))).toEqual([]);
  }));

test('--setup-only sets up and starts nothing', () =>
  withClone(async ({ start, asked }) => {
    expect(await start(['--setup-only'])).toMatchObject({ code: 0, out: '' });
    expect(asked()).toEqual(SET_UP);
  }));

test('the lock of a container that cannot be seen from here is waited for until it is not renewed', () =>
  withClone(async ({ root, tool, write, start, asked }) => {
    const owner = join(root, '.builder', 'setup.lock', 'owner');
    write('.builder/setup.lock/owner', '1 1 another-boot/pid:[1]\n');
    // Three minutes pass in the first second that it waits.
    tool('sleep', `#!/bin/sh\n[ "$1" = 1 ] && touch -d '3 minutes ago' '${owner}'\n`);
    expect((await start()).err).toMatch('waiting for process 1, which');
    expect(asked()).toEqual(SET_UP);
  }));

/** Where a pid means something, as the launcher writes it. */
function place(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
}
