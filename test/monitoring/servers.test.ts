import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { findPrometheus, PROMETHEUS_RELEASE } from './servers.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'servers-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Two programs that say a version and nothing else. */
function programs(into: string, version: string): { prometheus: string; promtool: string } {
  mkdirSync(into, { recursive: true });
  const make = (name: string): string => {
    const path = join(into, name);
    writeFileSync(path, `#!/bin/sh\necho "${name}, version ${version} (branch: , revision: x)"\n`);
    chmodSync(path, 0o755);
    return path;
  };
  return { prometheus: make('prometheus'), promtool: make('promtool') };
}

/** An environment without any Prometheus, and with no Go. */
function bare(more: Record<string, string> = {}): Record<string, string> {
  return { PATH: '/usr/bin:/bin', XDG_CACHE_HOME: join(folder, 'cache'), ...more };
}

const unexpected = (): Promise<void> => Promise.reject(new Error('nothing was to be built'));
const quiet = (): void => undefined;

test('takes the programs that are named', async () => {
  const named = programs(join(folder, 'mine'), '3.0.0');
  const env = bare({
    BUILDER_PROMETHEUS_BINARY: named.prometheus,
    BUILDER_PROMTOOL_BINARY: named.promtool,
  });
  expect(await findPrometheus({ env, onProgress: quiet, build: unexpected })).toEqual(named);
});

test('a named program that is none is an error, not a reason to look elsewhere', async () => {
  const env = bare({ BUILDER_PROMETHEUS_BINARY: join(folder, 'none') });
  await expect(findPrometheus({ env, onProgress: quiet })).rejects.toThrow('not installed');
});

test.each(['3.13.2', '3.14.0'])('takes %s from PATH', async (version) => {
  const onPath = programs(join(folder, 'bin'), version);
  const env = bare({ PATH: [join(folder, 'bin'), '/usr/bin', '/bin'].join(delimiter) });
  expect(await findPrometheus({ env, onProgress: quiet, build: unexpected })).toEqual(onPath);
});

test.each(['3.13.1', '3.9.9', '2.42.0', '4.0.0'])(
  'leaves %s on PATH and says so',
  async (version) => {
    programs(join(folder, 'bin'), version);
    const cached = programs(
      join(folder, 'cache/builder_cli', `prometheus-${PROMETHEUS_RELEASE}`),
      PROMETHEUS_RELEASE,
    );
    const env = bare({ PATH: [join(folder, 'bin'), '/usr/bin', '/bin'].join(delimiter) });
    const lines: string[] = [];
    const onProgress = (line: string): void => void lines.push(line);
    expect(await findPrometheus({ env, onProgress, build: unexpected })).toEqual(cached);
    expect(lines).toEqual([expect.stringContaining(`is ${version}`)]);
  },
);

test('of two that find nothing one builds, and the other gets what it built', async () => {
  let builds = 0;
  const build = async (into: string): Promise<void> => {
    builds += 1;
    programs(into, PROMETHEUS_RELEASE);
  };
  const cache = join(folder, 'cache/builder_cli');
  mkdirSync(join(cache, 'building-prometheus-1'), { recursive: true });
  const env = bare();
  const [one, two] = await Promise.all(
    [1, 2].map(() => findPrometheus({ env, onProgress: quiet, build })),
  );
  expect(builds).toBe(1);
  expect(one).toEqual(two);
  expect(existsSync(one?.promtool ?? '')).toBe(true);
  expect(readdirSync(cache)).toEqual([`prometheus-${PROMETHEUS_RELEASE}`]);
});

test('a build that fails half-way leaves nothing that looks finished', async () => {
  const build = async (into: string): Promise<void> => {
    programs(into, PROMETHEUS_RELEASE);
    throw new Error('disk full');
  };
  await expect(findPrometheus({ env: bare(), onProgress: quiet, build })).rejects.toThrow(
    /neither on PATH nor cached.*disk full.*BUILDER_PROMETHEUS_BINARY/,
  );
  expect(readdirSync(join(folder, 'cache/builder_cli'))).toEqual([]);
});

test('without Go and without any of them it says what to install', async () => {
  const env = bare({ PATH: join(folder, 'nothing') });
  await expect(findPrometheus({ env, onProgress: quiet })).rejects.toThrow(
    /go: not installed.*Install Go .*put prometheus and promtool 3\.13\.2 on PATH/,
  );
});
