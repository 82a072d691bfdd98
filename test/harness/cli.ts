/** Runs the built CLI as a user does: real processes, a real engine, temporary folders that are gone afterwards. */

import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { stopEngine } from '../../src/engine/engine.ts';

import type { ChildProcess } from 'node:child_process';

const MAIN = fileURLToPath(new URL('../../bin/builder_cli.cjs', import.meta.url));
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type Ended = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type Running = {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Everything said so far on stderr. */
  said(): string;
  /** Settles when a line of stderr matches. Rejects if the process ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
};

type Options = {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Words that run what follows them, such as those of a container. */
  readonly within?: readonly string[];
};

/** Starts the CLI in the background. */
export function startCli(
  words: readonly string[],
  { cwd, env = {}, within = [] }: Options,
): Running {
  const [program = '', ...rest] = [...within, process.execPath, MAIN, ...words];
  const child = spawn(program, rest, {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', CI: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    tell();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
      tell();
    });
  });
  return {
    child,
    pid: child.pid ?? -1,
    said: () => stderr,
    ended,
    kill: (signal) => void child.kill(signal),
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stderr);
          if (match !== null) resolve(match);
          else if (child.exitCode !== null || child.signalCode !== null) {
            reject(new Error(`ended without saying ${String(pattern)}:\n${stderr}`));
          } else return;
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      }),
  };
}

/** Runs the CLI to its end. */
export function runCli(words: readonly string[], options: Options): Promise<Ended> {
  return startCli(words, options).ended;
}

export type Project = {
  readonly folder: string;
  path(name: string): string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  readJson<T = Record<string, unknown>>(name: string): Promise<T>;
  run(words: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** `within`: words that run what follows them, such as those of a container. */
  start(
    words: readonly string[],
    env?: Readonly<Record<string, string>>,
    within?: readonly string[],
  ): Running;
};

/** A project in a temporary folder, handed to `work` and removed afterwards with whatever runs in it. */
export async function withProject(
  files: Readonly<Record<string, string>>,
  work: (project: Project) => Promise<void>,
): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'builder-test-')));
  const started: Running[] = [];
  const path = (name: string): string => join(folder, name);
  const project: Project = {
    folder,
    path,
    write: async (more) => {
      for (const [name, text] of Object.entries(more)) {
        await mkdir(dirname(path(name)), { recursive: true });
        await writeFile(path(name), text);
      }
    },
    readJson: async (name) => JSON.parse(await readFile(path(name), 'utf8')),
    run: (words, env) => project.start(words, env).ended,
    start: (words, env = {}, within = []) => {
      const running = startCli(words, { cwd: folder, env, within });
      started.push(running);
      return running;
    },
  };
  try {
    await project.write({ 'package.json': '{}', ...files });
    await work(project);
  } finally {
    for (const running of started) running.kill('SIGKILL');
    await stopLeftEngine(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** An engine whose command was killed lives on by design; a test must not leave it. */
async function stopLeftEngine(folder: string): Promise<void> {
  await stopEngine(join(folder, '.builder')).catch(() => undefined);
}

/**
 * A port of the loopback that is free now, and stays it until somebody asks for it by number: systems give none of this
 * range to whoever only wants a port.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

/** Waits until `look` answers something, looking again and again; fails after `limitMs`. */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
  limitMs = 20_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`did not happen in ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** What `/metrics` says, as a scraper sees it: series (name and labels as written) to value. */
export async function scrape(port: number): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, {
    headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '10' },
  });
  const text = await answer.text();
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
  );
}
