import { expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { filesBelow, hashFile } from '../../src/os/hashing.ts';
import { sideFolder } from '../../src/delivery/folder/out-path.ts';
import { storeIn, withFolder, sumsOn } from '../store/fixtures.ts';
import { deadProcess } from '../store/other-process.ts';

jest.setTimeout(30_000);

type Child = { readonly lines: AsyncIterator<string>; end(signal?: NodeJS.Signals): Promise<void> };

function start(what: string, folder: string, name: string): Child {
  const child = spawn(
    process.execPath,
    [
      '--import',
      path('../engine/processes/typescript.mjs'),
      path('./processes/store.ts'),
      what,
      folder,
      name,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  return {
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    end: async (signal) => {
      if (signal === undefined) child.stdin.end();
      else child.kill(signal);
      await ended;
    },
  };
}

function path(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

async function take(child: Child, count: number): Promise<string[]> {
  const lines: string[] = [];
  while (lines.length < count) {
    const { value, done } = await child.lines.next();
    if (done === true) break;
    lines.push(value);
  }
  return lines;
}

test('two processes are killed with -9 while they store: every result they told of is whole', () =>
  withFolder(async (folder) => {
    const told: string[] = [];
    for (let round = 1; round <= 3; round += 1) {
      const children = ['a', 'b'].map((name) => start('put', folder, `${name}${round}`));
      told.push(...(await Promise.all(children.map((child) => take(child, round * 5)))).flat());
      await Promise.all(children.map((child) => child.end('SIGKILL')));
    }

    // Another boot, so that each artifact is hashed again.
    const store = await storeIn(folder, 'boot-2');
    for (const fingerprint of told) expect(await store.findResult(fingerprint)).toBeDefined();
    expect(told).toHaveLength(60);
    expect(await readdir(join(folder, 'store', 'tmp'))).toEqual([]);
    const artifacts = join(folder, 'store', 'artifacts');
    for (const file of await filesBelow(artifacts)) {
      expect(file.slice(3)).toBe(await hashFile(join(artifacts, file)));
    }
  }));

test('of the facts that three processes race for while compacting, each is won once', () =>
  withFolder(async (folder) => {
    const children = ['a', 'b', 'c'].map((name) => start('count', folder, name));
    const won = (await Promise.all(children.map((child) => take(child, Infinity)))).flat();
    expect(won.map(Number).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, i) => i),
    );
    const store = await storeIn(folder);
    const { runs } = await sumsOn(store, '9099');
    expect(Object.values(runs)).toMatchObject([{ statuses: { OK: 200 } }]);
  }));

test('of the processes that race for the --out of a dead one, one gets it', () =>
  withFolder(async (folder) => {
    const out = join(folder, 'out');
    await mkdir(sideFolder(out));
    const dead = { about: { runId: 'dead', stateDir: folder }, owner: deadProcess() };
    await writeFile(join(sideFolder(out), 'owner.json.1'), JSON.stringify(dead));
    const children = ['a', 'b', 'c', 'd'].map((name) => start('lock', folder, name));
    const answers = (await Promise.all(children.map((child) => take(child, 1)))).flat();
    await Promise.all(children.map((child) => child.end()));
    expect(answers.toSorted()).toEqual(['OUT_BUSY', 'OUT_BUSY', 'OUT_BUSY', 'mine']);
  }));
