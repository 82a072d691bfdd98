/** The package that writes and draws the dashboards, tools/dashboards: installed when it is needed, for it is large. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { ROOT } from '../harness/cli.ts';

const FOLDER = join(ROOT, 'tools/dashboards');
const INSTALL_LIMIT_MS = 300_000;
/** Two minutes on a quiet machine. */
export const DRAW_LIMIT_MS = 1_500_000;

/** What `npm run` of the package printed. @throws Error with what it said */
export async function runInPackage(
  script: 'check' | 'draw',
  words: readonly string[] = [],
): Promise<string> {
  await install();
  return npm(['run', '--silent', script, '--', ...words], DRAW_LIMIT_MS);
}

/** Installs what the lock file says, unless that is what is there. @throws Error where it cannot be fetched */
async function install(): Promise<void> {
  const [wanted, there] = await Promise.all(
    ['package-lock.json', 'node_modules/.package-lock.json'].map(versionsOf),
  );
  if (wanted === there) return;
  // One attempt: where there is no registry this fails at once.
  const quick = ['--fetch-retries=0', '--fetch-timeout=60000', '--no-audit', '--no-fund'];
  await npm(['ci', '--ignore-scripts', ...quick], INSTALL_LIMIT_MS);
}

async function versionsOf(file: string): Promise<string | undefined> {
  const text = await readFile(join(FOLDER, file), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { packages } = JSON.parse(text) as { packages: Record<string, { version?: string }> };
  return JSON.stringify(
    Object.entries(packages)
      .filter(([path, { version }]) => path !== '' && version !== undefined)
      .map(([path, { version }]) => [path, version]),
  );
}

async function npm(words: readonly string[], timeout: number): Promise<string> {
  const run = promisify(execFile)('npm', words, { cwd: FOLDER, timeout, maxBuffer: 2 ** 26 });
  try {
    return (await run).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-20).join('\n');
    throw new Error(`npm ${words.join(' ')} in tools/dashboards: ${said}`, { cause: error });
  }
}
