/**
 * A Docker engine for the tests: the machine's own if it runs and has, or can pull, the images; else one of our own,
 * installed from Debian if need be and started in a temporary folder.
 *
 * 1. An engine that is not ours is never given an image that only pretends to be somebody's.
 * 2. An engine that is ours leaves nothing: no process, no folder, no rule in the packet filter.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from '../../harness/cli.ts';
import { rememberForwarding } from './firewall.ts';
import { run, succeeds } from './tool.ts';

import type { ToolOptions } from './tool.ts';

export type Engine = {
  /** True if it was started here, so that images may be made that stand in for others. */
  readonly isOurs: boolean;
  readonly env: Readonly<Record<string, string>>;
  /** What `docker ...` prints. @throws Error */
  docker(words: readonly string[], options?: ToolOptions): Promise<string>;
  close(): Promise<void>;
};

const PACKAGES = ['docker.io', 'iptables', 'iproute2', 'debootstrap'] as const;
/** A client without an engine may lie before Debian's on PATH. */
const CLIENTS = ['docker', '/usr/bin/docker'] as const;

/** The engine that runs here, if one answers. */
export async function runningEngine(): Promise<Engine | undefined> {
  for (const client of CLIENTS) {
    if (await succeeds([client, 'info'], { timeoutMs: 15_000 })) {
      return engineWith({ client, env: {}, isOurs: false, close: async () => undefined });
    }
  }
  return undefined;
}

/** Starts an engine of our own. @throws Error that says what is missing */
export async function startEngine(say: (line: string) => void): Promise<Engine> {
  if (process.getuid?.() !== 0) {
    throw new Error(
      'No Docker engine with the images runs here, and only root can start one. Start Docker, or run the test as root.',
    );
  }
  await install(say);
  const putBack = await rememberForwarding();
  const folder = await mkdtemp(join(tmpdir(), 'builder-docker-'));
  const socket = join(folder, 'docker.sock');
  const log = join(folder, 'dockerd.log');
  const out = openSync(log, 'w');
  const daemon = spawn(
    '/usr/sbin/dockerd',
    [
      ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
      ...['--host', `unix://${socket}`, '--pidfile', join(folder, 'dockerd.pid')],
    ],
    {
      stdio: ['ignore', out, out],
      // Where it finds containerd, runc and iptables, whatever the PATH of who runs the test.
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
    },
  );
  const ended = once(daemon, 'exit');
  const engine = engineWith({
    client: '/usr/bin/docker',
    // The classic builder: Debian's client comes without the other.
    env: { DOCKER_HOST: `unix://${socket}`, DOCKER_BUILDKIT: '0' },
    isOurs: true,
    close: async () => {
      daemon.kill('SIGTERM');
      await ended;
      await putBack();
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  });
  try {
    await until(
      async () => {
        if (daemon.exitCode !== null) throw new Error('dockerd ended');
        return succeeds(['/usr/bin/docker', 'info'], { env: engine.env, timeoutMs: 15_000 });
      },
      'the Docker engine answers',
      60_000,
    );
  } catch (error) {
    const said = (await readFile(log, 'utf8')).split('\n').slice(-20).join('\n');
    await engine.close();
    throw new Error(`The Docker engine does not start:\n${said}`, { cause: error });
  }
  return engine;
}

function engineWith({
  client,
  env,
  ...rest
}: Pick<Engine, 'env' | 'isOurs' | 'close'> & { readonly client: string }): Engine {
  return {
    ...rest,
    env,
    docker: async (words, options) => {
      const { stdout } = await run([client, ...words], {
        ...options,
        env: { ...env, ...options?.env },
      });
      return stdout.trim();
    },
  };
}

async function install(say: (line: string) => void): Promise<void> {
  const programs = ['/usr/bin/docker', '/usr/sbin/dockerd', '/usr/sbin/debootstrap', '/sbin/ip'];
  const there = await Promise.all(
    [...programs, '/usr/sbin/iptables'].map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (!there.includes(false)) return;
  say(`Installing ${PACKAGES.join(', ')}.`);
  await aptGet(['update']);
  await aptGet(['install', '--no-install-recommends', ...PACKAGES]);
}

/** Debian's packages, without questions. @throws Error */
export async function aptGet(words: readonly string[], options?: ToolOptions): Promise<void> {
  await run(['apt-get', '-qq', '-y', '-o', 'DPkg::Lock::Timeout=300', ...words], {
    timeoutMs: 600_000,
    ...options,
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  });
}
