import { expect, test } from '@jest/globals';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { lockOut, readOwner } from '../../src/delivery/folder/out-lock.ts';
import { resolveOut, sideFolder } from '../../src/delivery/folder/out-path.ts';
import { ownOwner } from '../../src/os/owner.ts';
import { withFolder } from '../store/fixtures.ts';
import { deadProcess, withLivingProcess } from '../store/other-process.ts';

import type { Owner } from '../../src/os/owner.ts';

const about = { runId: 'run-1', stateDir: '/state' };

async function heldBy(out: string, owner: Owner): Promise<void> {
  const side = sideFolder(await resolveOut(out));
  await mkdir(side, { recursive: true });
  const entry = { owner, about: { ...about, runId: 'other' } };
  await writeFile(join(side, 'owner.json.1'), JSON.stringify(entry));
}

test('names the run that holds an --out, and leaves nothing behind when it has delivered', () =>
  withFolder(async (folder) => {
    const out = join(folder, 'new', 'out');
    const lock = await lockOut(out, about);
    expect(await readOwner(out)).toMatchObject({ ...about, state: 'alive', owner: ownOwner() });
    await lock.unlock({ keep: false });
    expect(await readOwner(out)).toBeUndefined();
    expect(await readdir(join(folder, 'new'))).toEqual([]);
  }));

test('refuses an --out that a living process holds, and says which', () =>
  withFolder((folder) =>
    withLivingProcess(async (owner) => {
      const out = join(folder, 'out');
      await heldBy(out, owner);
      await expect(lockOut(out, about)).rejects.toMatchObject({
        code: 'OUT_BUSY',
        exitCode: 2,
        message: `run other (process ${owner.pid}) is writing to ${out}`,
      });
      expect(await readOwner(out)).toMatchObject({ runId: 'other' });
    }),
  ));

test.each([
  ['has ended', deadProcess],
  ['has ended and its pid is used again', () => ({ ...ownOwner(), born: '1' })],
])('takes over from a process that %s', (_, owner) =>
  withFolder(async (folder) => {
    await heldBy(join(folder, 'out'), owner());
    await lockOut(join(folder, 'out'), about);
    expect(await readOwner(join(folder, 'out'))).toMatchObject(about);
    expect(await readdir(join(folder, '.out.builder'))).toEqual(['owner.json.2']);
  }),
);

test('takes over from a process that is killed while it holds the lock', () =>
  withFolder((folder) =>
    withLivingProcess(async (owner, kill) => {
      await heldBy(join(folder, 'out'), owner);
      await kill();
      await lockOut(join(folder, 'out'), about);
      expect(await readOwner(join(folder, 'out'))).toMatchObject(about);
    }),
  ));

test('takes over where a power loss emptied the lock, or its taker died over it', () =>
  withFolder(async (folder) => {
    const out = join(folder, 'out');
    await heldBy(out, deadProcess());
    await writeFile(join(sideFolder(out), 'owner.json.1'), '');
    await writeFile(
      join(sideFolder(out), 'owner.json.2'),
      JSON.stringify({ owner: deadProcess() }),
    );
    await writeFile(join(sideFolder(out), 'owner.json.takeover'), '');
    await lockOut(out, about);
    expect(await readdir(sideFolder(out))).toEqual(['owner.json.3']);
  }));

test('of many who take over from a dead process, one succeeds', () =>
  withFolder(async (folder) => {
    const out = join(folder, 'out');
    await heldBy(out, deadProcess());
    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => lockOut(out, { ...about, runId: `run-${i}` })),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  }));

test('a run that did not deliver leaves its name for resume, and the --out free', () =>
  withFolder(async (folder) => {
    const out = join(folder, 'out');
    await (await lockOut(out, about)).unlock({ keep: true });
    expect(await readOwner(out)).toMatchObject(about);
    await (await lockOut(out, { ...about, runId: 'run-2' })).unlock({ keep: false });
    expect(await readOwner(out)).toBeUndefined();
  }));

test('one folder is one lock, by whatever link it is reached', () =>
  withFolder(async (folder) => {
    await mkdir(join(folder, 'real', 'out'), { recursive: true });
    await symlink(join(folder, 'real'), join(folder, 'parent-link'));
    await symlink('real/out', join(folder, 'link'));
    await lockOut(join(folder, 'real', 'out'), about);
    for (const name of ['parent-link/out', 'link', 'link/', './real/../link']) {
      await expect(lockOut(join(folder, name), about)).rejects.toMatchObject({ code: 'OUT_BUSY' });
    }
  }));

test('says in clear words that the place beside --out cannot be written', () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, 'file'), '');
    await expect(lockOut(join(folder, 'file', 'out'), about)).rejects.toMatchObject({
      code: 'STATE_DIR_UNUSABLE',
      message: expect.stringContaining('a part of the path is a file'),
    });
  }));

test('a link that leads back to itself is named, not followed for ever', () =>
  withFolder(async (folder) => {
    await symlink('loop', join(folder, 'loop'));
    await expect(resolveOut(join(folder, 'loop'))).rejects.toThrow('leads back to itself');
  }));
