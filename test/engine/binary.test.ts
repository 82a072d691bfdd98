import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { findBinary } from '../../src/engine/binary.ts';
import { binaryWays } from '../../src/engine/binary-ways.ts';
import { fakeServer } from './fake-server.ts';

import type { BinaryOptions } from '../../src/engine/binary.ts';
import type { BinaryWay } from '../../src/engine/binary-ways.ts';

const NEW = { cli: '1.9.1', server: '1.32.0' };

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'binary-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function optionsFor(folder: string, more: Partial<BinaryOptions> = {}): BinaryOptions {
  return {
    cacheDir: join(folder, 'cache'),
    env: { PATH: join(folder, 'bin') },
    platform: { os: 'linux', arch: 'x64' },
    ways: [],
    onProgress: () => {},
    ...more,
  };
}

function way(name: string, fetch: (target: string) => Promise<void>, release = NEW): BinaryWay {
  return { name, release, fetch };
}

const writesIt = async (target: string): Promise<void> =>
  writeFileSync(target, '#!/bin/sh\n', { mode: 0o755 });

test('the named binary wins over the one on PATH, and the flag over the environment', () =>
  withFolder(async (folder) => {
    fakeServer(join(folder, 'bin'));
    const flag = fakeServer(join(folder, 'a'), { version: '1.7.0 (Server 1.29.1, UI 2.0.0)' });
    const variable = fakeServer(join(folder, 'b'), { version: '1.9.5 (Server 1.33.0, UI 2.0.0)' });
    const env = { PATH: join(folder, 'bin'), BUILDER_TEMPORAL_BINARY: variable.binary };
    expect(await findBinary(optionsFor(folder, { env }))).toEqual({
      path: variable.binary,
      cliVersion: '1.9.5',
      serverVersion: '1.33.0',
    });
    expect(await findBinary(optionsFor(folder, { env, binary: flag.binary }))).toMatchObject({
      path: flag.binary,
      serverVersion: '1.29.1',
    });
  }));

test('a named binary that cannot be used is an error, never replaced by another', () =>
  withFolder(async (folder) => {
    fakeServer(join(folder, 'bin'));
    const binary = join(folder, 'none');
    await expect(findBinary(optionsFor(folder, { binary }))).rejects.toMatchObject({
      code: 'ENGINE_NOT_FOUND',
      exitCode: 3,
      message: expect.stringContaining(binary),
    });
  }));

test.each([
  ['1.9.0 (Server 1.32.0, UI 2)', true],
  ['1.10.0 (Server 1.34.0, UI 2)', true],
  ['2.0.0-rc.1 (Server 2.0.0, UI 2)', true],
  ['1.8.3 (Server 1.31.2, UI 2)', false],
  ['something else', false],
])('on PATH, version %s is used: %s', (version, used) =>
  withFolder(async (folder) => {
    const { binary } = fakeServer(join(folder, 'bin'), { version });
    const lines: string[] = [];
    const ways = [way('somehow', writesIt)];
    const found = await findBinary(
      optionsFor(folder, { ways, onProgress: (line) => lines.push(line) }),
    );
    expect(found.path === binary).toBe(used);
    expect(lines.some((line) => line.includes(binary))).toBe(!used);
  }),
);

test('tries the ways in order, says each and why it failed, and keeps what the first good one gave', () =>
  withFolder(async (folder) => {
    const lines: string[] = [];
    const ways = [
      way('from afar', async () => Promise.reject(new Error('no route'))),
      way('from near', writesIt, { cli: '1.8.2', server: '1.31.2' }),
      way('from nowhere', async () => Promise.reject(new Error('never asked'))),
    ];
    const options = optionsFor(folder, { ways, onProgress: (line) => lines.push(line) });
    const found = await findBinary(options);
    expect(found).toEqual({
      path: join(folder, 'cache/builder_cli/temporal/1.8.2/temporal'),
      cliVersion: '1.8.2',
      serverVersion: '1.31.2',
    });
    expect(lines).toEqual([
      'Getting the Temporal server 1.9.1 from afar, once.',
      '  That did not work: no route',
      'Getting the Temporal server 1.8.2 from near, once.',
    ]);
    expect(await findBinary(options)).toEqual(found);
    expect(lines).toHaveLength(3);
  }));

const writesHalf = async (target: string): Promise<void> => {
  await writesIt(target);
  throw new Error('its sha256 is wrong');
};

test('what was fetched half leaves nothing in the cache, also if its process is dead', () =>
  withFolder(async (folder) => {
    const cache = join(folder, 'cache/builder_cli/temporal');
    mkdirSync(join(cache, 'fetching-999999'), { recursive: true });
    await expect(
      findBinary(optionsFor(folder, { ways: [way('badly', writesHalf)] })),
    ).rejects.toMatchObject({
      code: 'ENGINE_NOT_FOUND',
      exitCode: 3,
      message: expect.stringContaining('badly: its sha256 is wrong'),
      hint: expect.stringContaining('python3 with pip, or go'),
    });
    expect(readdirSync(cache)).toEqual([]);
  }));

test('two that need it at the same moment fetch it once', () =>
  withFolder(async (folder) => {
    let fetched = 0;
    const slow = async (target: string): Promise<void> => {
      fetched += 1;
      await new Promise((done) => setTimeout(done, 50));
      await writesIt(target);
    };
    const options = optionsFor(folder, { ways: [way('slowly', slow)] });
    const [one, other] = await Promise.all([findBinary(options), findBinary(options)]);
    expect(one).toEqual(other);
    expect(fetched).toBe(1);
  }));

test('a cache that cannot be written is named', () =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, 'cache'), 'a file, not a folder');
    await expect(
      findBinary(optionsFor(folder, { ways: [way('somehow', writesIt)] })),
    ).rejects.toMatchObject({ hint: 'Set XDG_CACHE_HOME to a folder that can.' });
  }));

test('platforms without a published server are left with the sources', () => {
  const counts = ['linux', 'darwin', 'freebsd'].map(
    (os) => binaryWays({ platform: { os, arch: 'arm64' }, env: {}, cacheDir: '' }).length,
  );
  expect(counts).toEqual([3, 3, 1]);
});

const asRoot = process.getuid?.() === 0 ? describe : describe.skip;

asRoot('where another user can be had', () => {
  test('a server that another user can have put into the cache is not executed', () =>
    withFolder(async (folder) => {
      const cache = join(folder, 'cache');
      const own = join(cache, 'builder_cli', 'temporal', '1.9.1');
      mkdirSync(own, { recursive: true });
      const { binary } = fakeServer(own);
      const options = optionsFor(folder, { ways: [way('by a test', writesIt)] });
      expect(await findBinary(options)).toMatchObject({ path: binary });
      for (const path of [cache, join(cache, 'builder_cli'), own, binary]) {
        chownSync(path, 65_534, 65_534);
        await expect(findBinary(options)).rejects.toMatchObject({
          code: 'ENGINE_NOT_FOUND',
          message: expect.stringContaining(`${path} belongs to another user (65534)`),
        });
        chownSync(path, 0, 0);
      }
      chmodSync(cache, 0o777);
      await expect(findBinary(options)).rejects.toMatchObject({
        message: expect.stringContaining(`everybody may write to ${cache}`),
      });
      chmodSync(cache, 0o1777);
      expect(await findBinary(options)).toMatchObject({ path: binary });
    }));
});
