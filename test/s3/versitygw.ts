/** A real S3 server, as somebody would start it by hand, on a folder that outlives it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { freePort, until } from '../harness/cli.ts';
import { cachedPrograms, goBuild } from '../monitoring/go-programs.ts';

import type { ChildProcess } from 'node:child_process';

/** What tools/versitygw/go.mod pins. */
const RELEASE = '1.8.0';
const PROGRAM = 'versitygw';
const BUCKET = 'builder';

export type S3Service = {
  /** Of a store in its bucket. */
  readonly address: (prefix: string) => string;
  /** Credentials and nothing else. */
  readonly env: Readonly<Record<string, string>>;
  /** Where its objects lie. */
  readonly folder: string;
  kill(): Promise<void>;
  /** It keeps its connections, and answers nothing any more. */
  pause(): void;
  wake(): void;
  start(): Promise<void>;
};

/** Where the program is: BUILDER_VERSITYGW_BINARY, or the cached one. @throws Error where it cannot be built */
export async function versitygwProgram(): Promise<string> {
  const given = process.env['BUILDER_VERSITYGW_BINARY'];
  if (given !== undefined && given !== '') return given;
  const folder = await cachedPrograms({
    name: PROGRAM,
    release: RELEASE,
    title: 'versitygw',
    programs: [PROGRAM],
    env: process.env,
    onProgress: (line) => void process.stderr.write(`${line}\n`),
    build: (desk, env) =>
      goBuild('versitygw', {
        out: join(desk, PROGRAM),
        packages: ['github.com/versity/versitygw/cmd/versitygw'],
        ldflags: [`-X main.Version=${RELEASE}`],
        env,
      }),
  });
  return join(folder, PROGRAM);
}

/** Starts one in a folder, hands it to `work`, and kills it afterwards. */
export async function withVersitygw<T>(
  folder: string,
  work: (service: S3Service) => Promise<T>,
): Promise<T> {
  const service = await startVersitygw(folder);
  try {
    return await work(service);
  } finally {
    await service.kill();
  }
}

/** The same for who kills it. */
export async function startVersitygw(folder: string): Promise<S3Service> {
  const program = await versitygwProgram();
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const data = join(folder, 'objects');
  await mkdir(join(data, BUCKET), { recursive: true });
  let server: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const keys = ['--access', 'key', '--secret', 'of the test'];
    const place = ['--port', `127.0.0.1:${port}`, '--region', 'us-east-1', 'posix', data];
    server = spawn(program, [...keys, ...place], { stdio: 'ignore' });
    await until(() => isThere(endpoint), 'the S3 server answers');
  };
  await start();
  return {
    address: (prefix) => `s3://${BUCKET}/${prefix}?endpoint=${endpoint}`,
    env: { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'of the test' },
    folder: join(data, BUCKET),
    start,
    kill: async () => {
      if (server === undefined) return;
      const gone = once(server, 'close');
      server.kill('SIGKILL');
      server = undefined;
      await gone;
    },
    pause: () => void server?.kill('SIGSTOP'),
    wake: () => void server?.kill('SIGCONT'),
  };
}

async function isThere(endpoint: string): Promise<boolean> {
  return fetch(endpoint).then(
    () => true,
    () => false,
  );
}
