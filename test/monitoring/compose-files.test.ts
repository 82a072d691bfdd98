/** What the compose files, the image and their settings promise on paper; compose.test.ts starts them. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { cachedCompose } from './docker/compose-tool.ts';
import { run } from './docker/tool.ts';

const MONITORING = fileURLToPath(new URL('../../monitoring/', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BASE = ['-f', 'docker-compose.yml'];
const POSTGRES = [...BASE, '-f', 'docker-compose.postgres.yml'];

type Service = {
  readonly image: string;
  readonly build?: { readonly args?: Readonly<Record<string, string>> };
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly privileged?: boolean;
  readonly user?: string;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly init?: boolean;
  readonly network_mode?: string;
  readonly pid?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly deploy?: {
    readonly resources?: { readonly limits?: { cpus?: number; memory?: string; pids?: number } };
  };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly { host_ip?: string; published?: string; target: number }[];
  readonly volumes?: readonly {
    type: string;
    source?: string;
    target: string;
    read_only?: boolean;
    bind?: { selinux?: string };
  }[];
};

type Model = {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

/** Both variants, as Compose understands them. */
const models: Record<'base' | 'postgres' | 'serve', Model> = {} as never;

beforeAll(async () => {
  const compose = await cachedCompose((line) => void process.stderr.write(`${line}\n`));
  const read = async (files: readonly string[]): Promise<Model> => {
    const words = [compose, ...files, '--profile', '*', 'config', '--format', 'json'];
    // Not what lies in somebody's .env, nor in the environment of who runs the test.
    const env = { COMPOSE_DISABLE_ENV_FILE: '1', PATH: process.env['PATH'] };
    const { stdout } = await run(['env', '-i', ...assignments(env), ...words], { cwd: MONITORING });
    return JSON.parse(stdout) as Model;
  };
  models.base = await read(BASE);
  models.postgres = await read(POSTGRES);
  models.serve = await read(['-f', 'serve/docker-compose.yml']);
}, 40 * 60_000);

const variants = [['base'], ['postgres']] as const;

/** They end by themselves, so they have no health and do not come back. */
const ONE_SHOT = ['temporal-volume', 'temporal-schema', 'temporal-namespace', 'pipeline'];

test('the services of the specification are there, with its ports', () => {
  const { services } = models.base;
  expect(Object.keys(services)).toEqual(
    expect.arrayContaining([
      'pipeline-worker',
      'prometheus',
      'grafana',
      'temporal',
      'alertmanager',
    ]),
  );
  const ports = (name: string) =>
    services[name]?.ports?.map(({ published, target }) => `${published}:${target}`);
  expect(ports('prometheus')).toEqual(['9090:9090']);
  expect(ports('grafana')).toEqual(['3000:3000']);
  expect(ports('temporal')).toEqual(['8233:8233']);
  expect(ports('pipeline-worker')).toEqual(['9099-9199:9099']);
  expect(services['pipeline-worker']?.command).toContain('--prometheus-port=9099');
  expect(services['grafana']?.environment).toMatchObject({
    GF_SECURITY_ADMIN_USER: 'admin',
    GF_SECURITY_ADMIN_PASSWORD: 'admin',
  });
});

test.each(variants)('%s: ports are open on this machine only', (variant) => {
  const published = Object.values(models[variant].services).flatMap(({ ports = [] }) => ports);
  expect(published.length).toBeGreaterThan(4);
  expect(new Set(published.map(({ host_ip }) => host_ip))).toEqual(new Set(['127.0.0.1']));
});

test.each(variants)('%s: images are pinned to a release', (variant) => {
  const images = Object.values(models[variant].services).map(({ image }) => image);
  const others = images.filter((image) => image !== 'builder_cli:local');
  expect(others.length).toBeGreaterThan(3);
  for (const image of others) expect(image).toMatch(/^[a-z/-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
});

test.each(variants)('%s: no service has more rights than it needs', (variant) => {
  for (const [name, service] of Object.entries(models[variant].services)) {
    const rights = {
      privileged: service.privileged ?? false,
      cap_add: service.cap_add ?? [],
      cap_drop: service.cap_drop,
      security_opt: service.security_opt,
      host: [service.network_mode, service.pid].includes('host'),
      isRoot: /^(0|root)(:|$)/.test(service.user ?? ''),
      socket: (service.volumes ?? []).some(({ source }) => source?.includes('docker.sock')),
    };
    const handsOver = name === 'temporal-volume';
    expect({ name, ...rights }).toEqual({
      name,
      privileged: false,
      cap_add: handsOver ? ['CHOWN'] : [],
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      host: false,
      isRoot: handsOver,
      socket: false,
    });
    if (handsOver) expect(service.network_mode).toBe('none');
  }
});

test.each(variants)(
  '%s: folders are mounted read-only, and readable where SELinux watches',
  (variant) => {
    const mounts = Object.values(models[variant].services).flatMap(({ volumes = [] }) => volumes);
    const binds = mounts.filter(({ type }) => type === 'bind');
    expect(binds.length).toBeGreaterThan(3);
    expect(binds.filter(({ read_only }) => read_only !== true)).toEqual([]);
    expect(binds.filter(({ bind }) => bind?.selinux !== 'z')).toEqual([]);
  },
);

test('more than eleven workers find a port each', () => {
  const [{ published = '' } = {}] = models.base.services['pipeline-worker']?.ports ?? [];
  const [first = 0, last = 0] = published.split('-').map(Number);
  expect(last - first).toBeGreaterThanOrEqual(100);
});

test('what the demonstration runs is shown by an exporter that lives long', () => {
  const { services } = models.base;
  const worker = services['pipeline-worker'];
  expect(worker?.command?.[0]).toBe('worker');
  expect(worker?.command).toContain('--prometheus-port=9099');
  const volumeOf = (name: string) =>
    services[name]?.volumes?.find(({ target }) => target === '/data')?.source;
  expect(volumeOf('pipeline-demo')).toBe(volumeOf('pipeline-worker'));
  expect(services['pipeline-demo']?.ports).toBeUndefined();
});

test.each(variants)(
  '%s: the image can be built behind a mirror, with a certificate of its own',
  async (variant) => {
    const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
    const declared = [...dockerfile.matchAll(/^ARG (\w+)=/gm)].map(([, name]) => name!);
    const builds = Object.values(models[variant].services).flatMap(({ build }) => build ?? []);
    expect(builds.length).toBeGreaterThan(2);
    for (const { args = {} } of builds) {
      expect(Object.keys(args).sort()).toEqual([...new Set(declared)].sort());
    }
  },
);

test.each(variants)('%s: every service has limits, and comes back if it is to stay', (variant) => {
  for (const [name, { deploy, restart, healthcheck }] of Object.entries(models[variant].services)) {
    const limits = deploy?.resources?.limits;
    expect([name, Number(limits?.cpus) > 0, Number(limits?.memory) > 0]).toEqual([
      name,
      true,
      true,
    ]);
    expect([name, Number(limits?.pids) > 0]).toEqual([name, true]);
    const stays = !ONE_SHOT.includes(name);
    expect([name, restart === 'unless-stopped']).toEqual([name, stays]);
    expect([name, healthcheck !== undefined]).toEqual([name, stays]);
  }
});

test.each(variants)('%s: nothing starts before what it needs is healthy, or done', (variant) => {
  const { services } = models[variant];
  const waits = Object.entries(services).flatMap(([name, { depends_on = {} }]) =>
    Object.entries(depends_on).map(([needed, { condition }]) => ({ name, needed, condition })),
  );
  expect(waits.length).toBeGreaterThan(3);
  for (const { name, needed, condition } of waits) {
    const wanted = ONE_SHOT.includes(needed) ? 'service_completed_successfully' : 'service_healthy';
    expect([name, needed, condition]).toEqual([name, needed, wanted]);
  }
  // Monitoring has to come up when what it watches does not.
  expect(Object.keys(services['prometheus']?.depends_on ?? {})).toEqual([]);
});

test.each(variants)('%s: all that runs builder_cli shares image, state and a reaper', (variant) => {
  for (const name of ['pipeline-worker', 'pipeline-demo', 'pipeline']) {
    const service = models[variant].services[name];
    expect([name, service?.init, service?.image]).toEqual([name, true, 'builder_cli:local']);
    const data = service?.volumes?.find(({ target }) => target === '/data');
    expect([name, data?.type, data?.source]).toEqual([name, 'volume', 'data']);
  }
});

test('postgres: the server and its tools are of one release, and the development server is gone', () => {
  const { services, volumes } = models.postgres;
  const release = (name: string) => services[name]?.image.split(':')[1];
  expect(services['temporal']?.image).toMatch(/^temporalio\/server:/);
  expect(release('temporal-schema')).toBe(release('temporal'));
  expect(release('temporal-namespace')).toBe(release('temporal'));
  expect(services['postgres']?.image).toMatch(/^postgres:16\./);
  expect(services['postgres']?.ports).toBeUndefined();
  expect(services['temporal']?.command ?? []).toEqual([]);
  expect(Object.keys(services)).not.toContain('temporal-volume');
  expect(Object.keys(volumes)).not.toContain('temporal');
});

test('Prometheus scrapes the workers by name every 15 seconds, and keeps their own job', async () => {
  const { global, scrape_configs, rule_files } = parse(
    await readFile(join(MONITORING, 'prometheus/prometheus.yml'), 'utf8'),
  ) as {
    global: Record<string, unknown>;
    scrape_configs: Record<string, unknown>[];
    rule_files: string[];
  };
  expect(global).toMatchObject({ scrape_interval: '15s', evaluation_interval: '15s' });
  expect(rule_files).toEqual(['rules/*.yml']);
  expect(scrape_configs[0]).toMatchObject({
    job_name: 'builder',
    honor_labels: true,
    dns_sd_configs: [{ names: ['pipeline-worker'], type: 'A', port: 9099 }],
  });
});

test('every variable of the compose files is in .env.example, with the same default, and none besides', async () => {
  const used = new Map<string, string>();
  for (const file of ['docker-compose.yml', 'docker-compose.postgres.yml']) {
    const text = await readFile(join(MONITORING, file), 'utf8');
    // What stands in another's default is found where it stands alone.
    for (const [, name, value] of text.matchAll(/\$\{(\w+):-([^${}]*)\}/g)) {
      expect([name, used.get(name!) ?? value]).toEqual([name, value]);
      used.set(name!, value!);
    }
  }
  const example = await readFile(join(MONITORING, '.env.example'), 'utf8');
  const told = [...example.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]);
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(used));
});

test('the image is Debian, not root, and has what only builds or tests left out', async () => {
  const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
  expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)).toEqual([
    '${NODE_IMAGE}',
    '${NODE_IMAGE}',
  ]);
  expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:24-bookworm-slim$/m);
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  expect(last).toMatch(/^USER node$/m);
  expect(last).toMatch(/^ENTRYPOINT \["builder_cli"\]$/m);
  expect(dockerfile).toMatch(/npm prune --omit=dev/);
});

test('the readme of this folder names every service and every file beside it', async () => {
  const readme = await readFile(join(MONITORING, 'README.md'), 'utf8');
  for (const name of Object.keys(models.base.services)) expect(readme).toContain(`\`${name}\``);
  for (const { name } of await readdir(MONITORING, { withFileTypes: true })) {
    if (name === 'README.md' || name === '.env') continue;
    expect([name, readme.includes(name)]).toEqual([name, true]);
  }
});

function assignments(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value ?? ''}`);
}

test('what is mounted into containers keeps its line endings on every machine', async () => {
  const attributes = await readFile(join(ROOT, '.gitattributes'), 'utf8');
  expect(attributes).toMatch(/^\* text=auto eol=lf$/m);
  const { stdout } = await run(
    ['git', 'ls-files', '--eol', 'monitoring', 'scripts', 'bin', 'docs'],
    {
      cwd: ROOT,
    },
  );
  const wrong = stdout.split('\n').filter((line) => /^i\/(crlf|mixed)/.test(line));
  expect(wrong).toEqual([]);
});

test('a served project comes back, is asked for its health, and is left the time to end', () => {
  const { serve } = models.serve.services;
  expect(serve).toMatchObject({ restart: 'unless-stopped', init: true });
  expect(serve?.command?.[0]).toBe('serve');
  expect(serve?.healthcheck?.test.join(' ')).toContain('/readyz');
  expect(serve?.ports?.map(({ host_ip: ip }) => ip)).toEqual(['127.0.0.1']);
});
