/**
 * The shipped stack, started as it is by a real engine: under another project name and image tag, so that a stack that
 * somebody keeps on the same engine is not touched, and on the documented ports.
 */

import { fileURLToPath } from 'node:url';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parse } from 'yaml';

import { findCompose } from './compose-tool.ts';
import { runningEngine, startEngine } from './engine.ts';
import { basesOf, buildOwnImage, hasImage, makeStandIn } from './images.ts';
import { run } from './tool.ts';

import type { Engine } from './engine.ts';
import type { ToolOptions } from './tool.ts';

export const MONITORING = fileURLToPath(new URL('../../../monitoring', import.meta.url));
const DOCKERFILE = fileURLToPath(new URL('../../../Dockerfile', import.meta.url));
const OWN_IMAGE = 'builder_cli:test';

export type Container = {
  readonly Name: string;
  readonly State: {
    readonly Pid: number;
    readonly Status: string;
    readonly Health?: { readonly Status: string };
  };
  readonly Config: {
    readonly Image: string;
    readonly User: string;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly HostConfig: {
    readonly Privileged: boolean;
    readonly CapAdd: readonly string[] | null;
    readonly CapDrop: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly ReadonlyRootfs: boolean;
    readonly Memory: number;
    readonly NanoCpus: number;
    readonly PidsLimit: number | null;
    readonly NetworkMode: string;
    readonly RestartPolicy: { readonly Name: string };
  };
};

export type Stack = {
  readonly project: string;
  readonly engine: Engine;
  /** Images that only stand in for the ones the file names. */
  readonly standIns: readonly string[];
  /** `docker compose ...` in monitoring/; what it prints. @throws Error */
  compose(words: readonly string[], options?: ToolOptions): Promise<string>;
  /** The containers of a service, or of all; ended ones too. */
  containers(service?: string): Promise<readonly Container[]>;
  /** What of the project is left on the engine: containers, networks, volumes. */
  left(): Promise<readonly string[]>;
  close(): Promise<void>;
};

/** An engine with every image, and nothing started yet. @throws Error: a machine that cannot do it fails the test */
export async function openStack(
  env: Readonly<Record<string, string>>,
  say: (line: string) => void,
): Promise<Stack> {
  const wanted = await imagesNeeded();
  const engine = await engineFor(wanted, say);
  const standIns: string[] = [];
  try {
    const caller = await findCompose(engine, say);
    for (const image of wanted) {
      if (await hasImage(engine, image)) continue;
      await makeStandIn(engine, image, say);
      standIns.push(image);
    }
    say('Building the image of the project.');
    await buildOwnImage(engine, OWN_IMAGE);
    return stackOn(engine, caller, standIns, { ...env, BUILDER_IMAGE: OWN_IMAGE });
  } catch (error) {
    await engine.close();
    throw error;
  }
}

function stackOn(
  engine: Engine,
  caller: readonly string[],
  standIns: readonly string[],
  env: Readonly<Record<string, string>>,
): Stack {
  const project = `builder-test-${process.pid}`;
  const ofProject = ['--filter', `label=com.docker.compose.project=${project}`];
  const compose: Stack['compose'] = async (words, options) => {
    const { stdout } = await run([...caller, '--project-name', project, ...words], {
      timeoutMs: 300_000,
      ...options,
      cwd: MONITORING,
      env: { ...engine.env, ...env, ...options?.env },
    });
    return stdout.trim();
  };
  const containers: Stack['containers'] = async (service) => {
    const words = ['ps', '--all', '--quiet', '--no-trunc', ...ofProject];
    const one =
      service === undefined ? [] : ['--filter', `label=com.docker.compose.service=${service}`];
    const ids = (await engine.docker([...words, ...one])).split('\n').filter((id) => id !== '');
    if (ids.length === 0) return [];
    return JSON.parse(await engine.docker(['inspect', ...ids])) as Container[];
  };
  const left: Stack['left'] = async () => {
    const lists = await Promise.all([
      engine.docker(['ps', '--all', '--format', 'container {{.Names}}', ...ofProject]),
      engine.docker(['network', 'ls', '--format', 'network {{.Name}}', ...ofProject]),
      engine.docker(['volume', 'ls', '--format', 'volume {{.Name}}', ...ofProject]),
    ]);
    return lists.flatMap((list) => list.split('\n')).filter((line) => line !== '');
  };
  return {
    project,
    engine,
    standIns,
    compose,
    containers,
    left,
    close: async () => {
      await compose(['--profile', '*', 'down', '--volumes', '--remove-orphans']).catch(() => '');
      if (!engine.isOurs) await engine.docker(['rmi', OWN_IMAGE]).catch(() => '');
      await engine.close();
    },
  };
}

/** The running engine if it can have every image; else one of our own. */
async function engineFor(images: readonly string[], say: (line: string) => void): Promise<Engine> {
  const running = await runningEngine();
  if (running !== undefined) {
    const lacking: string[] = [];
    for (const image of images) if (!(await hasImage(running, image))) lacking.push(image);
    if (lacking.length === 0) return running;
    say(`The Docker engine that runs here cannot pull ${lacking.join(', ')}; starting another.`);
  }
  return startEngine(say);
}

/** Images of the compose file that are not built from this repository, and those the Dockerfile begins from. */
async function imagesNeeded(): Promise<readonly string[]> {
  const { services } = parse(await readFile(join(MONITORING, 'docker-compose.yml'), 'utf8'), {
    merge: true,
  }) as { services: Record<string, { image: string; build?: unknown }> };
  const named = Object.values(services)
    .filter(({ build }) => build === undefined)
    .map(({ image }) => image);
  return [...new Set([...(await basesOf(DOCKERFILE)), ...named])];
}
