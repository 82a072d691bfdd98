/** A clone with nothing but the launcher, in a folder of its own, where node and npm are small scripts that write down what they were asked. */

import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

export type FakeClone = {
  readonly root: string;
  write(path: string, content: string): void;
  /** Replaces `node`, `npm` or `sleep` by another script; undefined removes it. */
  tool(name: 'node' | 'npm' | 'sleep', script: string | undefined): void;
  /** What npm was asked to do since the last call. */
  asked(): readonly string[];
  start(args?: readonly string[], more?: Start): Promise<Ended>;
};

type Start = {
  readonly cwd?: string;
  readonly command?: string;
  readonly env?: Readonly<Record<string, string>>;
};

const BIN = fileURLToPath(new URL('../../bin/builder_cli.cjs', import.meta.url));
const LAUNCHER = fileURLToPath(new URL('../../builder_cli', import.meta.url));

/** Says its version, or what it was started with. */
export const nodeOf = (version: string): string => `#!/bin/sh
if [ "$1" = -v ]; then echo v${version}; exit; fi
for word in "$@"; do echo "<$word>"; done
exit 7
`;

/** Does to the clone what npm would. */
export const NPM = `#!/bin/sh
echo "$*" >> asked
case $1 in
  ci) rm -rf node_modules; mkdir node_modules ;;
  run) rm -rf dist; mkdir -p dist/cli; echo built > dist/cli/main.js ;;
esac
`;

/** Gives the test a clone that was never started. */
export async function withClone(work: (clone: FakeClone) => Promise<void>): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'clone-')));
  const root = join(folder, 'a clone');
  const bin = join(folder, 'bin');
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const tool = (name: string, script: string | undefined): void => {
    if (script === undefined) rmSync(join(bin, name));
    else writeFileSync(join(bin, name), script, { mode: 0o755 });
  };
  mkdirSync(bin);
  // Only what the launcher may need, so that the machine's own node and npm are out of reach.
  for (const name of NEEDED)
    writeFileSync(join(bin, name), `#!/bin/sh\nPATH=/usr/bin:/bin exec ${name} "$@"\n`, {
      mode: 0o755,
    });
  tool('node', nodeOf('20.19.0'));
  tool('npm', NPM);
  for (const path of ['package.json', 'package-lock.json', 'tsconfig.json']) write(path, '{}');
  for (const path of ['scripts/build.mjs', 'src/cli/main.ts', 'src/a.ts']) write(path, '//');
  copyFileSync(LAUNCHER, join(root, 'builder_cli'));
  mkdirSync(join(root, 'bin'));
  copyFileSync(BIN, join(root, 'bin', 'builder_cli.cjs'));
  chmodSync(join(root, 'builder_cli'), 0o755);
  try {
    await work({
      root,
      write,
      tool,
      asked: () => {
        const file = join(root, 'asked');
        if (!existsSync(file)) return [];
        const lines = readFileSync(file, 'utf8').trim().split('\n');
        rmSync(file);
        return lines.map((line) => line.replace(/ --.*/, ''));
      },
      start: (args = [], { cwd = root, command = './builder_cli', env = {} } = {}) =>
        ended(command, args, { cwd, env: { PATH: bin, TMPDIR: folder, ...env } }),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const NEEDED = [
  'cksum',
  'find',
  'mkdir',
  'mktemp',
  'ps',
  'readlink',
  'rm',
  'rmdir',
  'sleep',
  'sort',
  'tail',
  'touch',
  'tr',
];

async function ended(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ended> {
  const child = spawn(command, args, { ...options, env: { ...options.env } });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}
