/**
 * The images the stack names. What is there or can be pulled is used as it is; on an engine of our own, what cannot be
 * had is made from the same servers' programs, with the user, the paths and the entrypoint of the original
 * (stand-ins/*.Dockerfile say how).
 */

import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { findBinary } from '../../../src/engine/binary.ts';
import { fromPackage } from '../debian-package.ts';
import { prometheusTools } from '../servers.ts';
import { run } from './tool.ts';

import type { Engine } from './engine.ts';

const STAND_INS = fileURLToPath(new URL('./stand-ins/', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** The Node of the stand-in, from npm's package of it. */
const NODE = '24.21.0';
const CACHE = join(
  process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? homedir(), '.cache'),
  'builder_cli',
);

type Say = (line: string) => void;

/** True if the engine has, or could pull, the image. */
export async function hasImage(engine: Engine, image: string): Promise<boolean> {
  const found = await engine.docker(['images', '-q', image]);
  if (found !== '') return true;
  return engine.docker(['pull', '-q', image], { timeoutMs: 300_000 }).then(
    () => true,
    () => false,
  );
}

/** Makes what stands in for an image. @throws Error if there is no stand-in for it */
export async function makeStandIn(engine: Engine, image: string, say: Say): Promise<void> {
  const about = STANDING_IN.find(({ prefix }) => image.startsWith(prefix));
  if (about === undefined) throw new Error(`nothing stands in for ${image}`);
  for (const base of about.on ?? []) {
    if (!(await hasImage(engine, base))) await makeStandIn(engine, base, say);
  }
  say(`${image} cannot be had; making what stands in for it.`);
  const folder = await mkdtemp(join(tmpdir(), 'builder-image-'));
  try {
    await about.fill(folder);
    await cp(join(STAND_INS, about.file), join(folder, 'Dockerfile'));
    await engine.docker(['build', '-q', '-t', image, folder], { timeoutMs: 300_000 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The project's own image, by its own Dockerfile. @throws Error */
export async function buildOwnImage(engine: Engine, tag: string): Promise<void> {
  await engine.docker(['build', '-q', '-t', tag, ROOT], { timeoutMs: 900_000 });
}

type StandIn = {
  readonly prefix: string;
  readonly file: string;
  readonly on?: readonly string[];
  /** Puts what the Dockerfile copies into a folder. */
  fill(folder: string): Promise<void>;
};

const DEBIAN = 'debian:bookworm-slim';

const STANDING_IN: readonly StandIn[] = [
  {
    prefix: 'debian:',
    file: 'debian.Dockerfile',
    fill: async (folder) => {
      await cp(await debianRoot(), join(folder, 'rootfs.tar'));
    },
  },
  {
    prefix: 'node:',
    file: 'node.Dockerfile',
    on: [DEBIAN],
    fill: async (folder) => {
      const name = `node-linux-${process.arch}`;
      await run(['npm', 'pack', '--silent', `${name}@${NODE}`], { cwd: folder });
      await run(['tar', 'xzf', `${name}-${NODE}.tgz`, 'package/bin/node'], { cwd: folder });
      await rename(join(folder, 'package/bin/node'), join(folder, 'node'));
      const { stdout: modules } = await run(['npm', 'root', '--global']);
      await cp(join(modules.trim(), 'npm'), join(folder, 'npm'), { recursive: true });
      const { stdout: registry } = await run(['npm', 'config', 'get', 'registry'], { cwd: folder });
      const certificates = '/etc/ssl/certs/ca-certificates.crt';
      await cp(certificates, join(folder, 'certificates.crt'));
      await writeFile(
        join(folder, 'npmrc'),
        `registry=${registry.trim()}\ncafile=${certificates}\nupdate-notifier=false\n`,
      );
    },
  },
  {
    prefix: 'temporalio/temporal:',
    file: 'temporal.Dockerfile',
    fill: async (folder) => {
      const { path } = await findBinary({
        cacheDir: join(CACHE, '..'),
        env: process.env,
        onProgress: () => undefined,
      });
      await cp(path, join(folder, 'temporal'));
    },
  },
  {
    prefix: 'prom/prometheus:',
    file: 'prometheus.Dockerfile',
    fill: async (folder) => {
      for (const path of Object.values(await prometheusTools())) {
        await cp(path, join(folder, basename(path)));
      }
      await mkdir(join(folder, 'empty'));
      await writeFile(join(folder, 'empty/.keep'), '');
      await writeFile(join(folder, 'passwd'), 'nobody:x:65534:65534:nobody:/:/bin/false\n');
    },
  },
  {
    prefix: 'prom/alertmanager:',
    file: 'alertmanager.Dockerfile',
    on: [DEBIAN],
    fill: async (folder) => {
      await fromPackage('busybox-static', { 'bin/busybox': join(folder, 'busybox') });
      await fromPackage('prometheus-alertmanager', {
        'usr/bin/prometheus-alertmanager': join(folder, 'alertmanager'),
        // Debian's build reads the templates of messages from here; the original holds them inside.
        'usr/share/prometheus/alertmanager': join(folder, 'templates'),
      });
    },
  },
  {
    prefix: 'grafana/grafana:',
    file: 'grafana.Dockerfile',
    on: ['node:24-bookworm-slim'],
    fill: async (folder) => {
      await cp(join(STAND_INS, 'grafana.mjs'), join(folder, 'grafana.mjs'));
    },
  },
];

/** A minimal Debian as a tar file, made once. */
async function debianRoot(): Promise<string> {
  const tar = join(CACHE, 'debian-bookworm.tar');
  if (existsSync(tar)) return tar;
  const folder = await mkdtemp(join(tmpdir(), 'builder-debian-'));
  try {
    await run(
      [
        ...['debootstrap', '--variant=minbase', '--include=ca-certificates'],
        ...['bookworm', join(folder, 'root')],
      ],
      { timeoutMs: 600_000 },
    );
    await run(['tar', '-C', join(folder, 'root'), '-cf', join(folder, 'root.tar'), '.']);
    await mkdir(CACHE, { recursive: true });
    await cp(join(folder, 'root.tar'), `${tar}.${process.pid}`);
    await rename(`${tar}.${process.pid}`, tar);
    return tar;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The images that a Dockerfile begins from: named there, or the defaults of its arguments. */
export async function basesOf(dockerfile: string): Promise<readonly string[]> {
  const text = await readFile(dockerfile, 'utf8');
  const defaults = new Map([...text.matchAll(/^ARG (\w+)=(\S+)$/gm)].map(([, k, v]) => [k!, v!]));
  const filled = text.replaceAll(
    /\$\{(\w+)\}/g,
    (whole, name: string) => defaults.get(name) ?? whole,
  );
  return [...new Set([...filled.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image ?? ''))];
}
