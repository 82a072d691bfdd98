import { chmod, chown, lchown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { deliverInto, recoverDelivery } from '../../src/delivery/deliver.ts';
import { lockOut, readOwner, sideFolder } from '../../src/delivery/folder/out-lock.ts';
import { withProject } from '../harness/cli.ts';
import { age } from '../os/container.ts';
import { withStore } from '../store/fixtures.ts';
import { deadProcess } from '../store/other-process.ts';
import { deliveryOf, textsIn } from './fixtures.ts';

const asRoot = process.geteuid?.() === 0 ? describe : describe.skip;
const NOBODY = 65_534;

/** What another user's dead run left beside `out`. */
async function leftBy(out: string, stateDir: string): Promise<void> {
  const lock = join(sideFolder(out), 'owner.json.1');
  await mkdir(sideFolder(out), { recursive: true });
  const about = { runId: 'theirs', stateDir };
  await writeFile(lock, JSON.stringify({ owner: deadProcess(), about }));
  await chown(lock, NOBODY, NOBODY);
}

asRoot('beside what another user left', () => {
  test('the run that a lock of another user names is not followed', () =>
    withProject({}, async (project) => {
      await leftBy(project.path('out'), project.path('state'));
      const { code, stderr } = await project.run(['resume', '--out', 'out']);
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining('LOCK_NOT_OURS: the lock beside'),
      ]);
      expect(await readOwner(project.path('out'))).not.toHaveProperty('runId');
    }));

  test('its lock is respected while it is fresh, and keeps nobody out for ever', () =>
    withProject({}, async (project) => {
      const out = project.path('out');
      await leftBy(out, project.path('state'));
      const about = { runId: 'ours', stateDir: project.folder };
      await expect(lockOut(out, about)).rejects.toMatchObject({
        code: 'OUT_BUSY',
        message: expect.stringMatching(/a run of another user .* runs out in \d+ s/),
      });
      age(sideFolder(out), () => true);
      expect((await lockOut(out, about)).token).toBe(2);
    }));

  test('in a folder for everybody, what another user put where a run would write is not used', () =>
    withProject({}, async (project) => {
      const shared = project.path('shared');
      await mkdir(shared);
      await chmod(shared, 0o1777);
      const [out, link] = [join(shared, 'out'), join(shared, 'link')];
      const about = { runId: 'ours', stateDir: project.folder };
      await mkdir(sideFolder(out));
      await chown(sideFolder(out), NOBODY, NOBODY);
      await symlink(project.path('elsewhere'), link);
      await lchown(link, NOBODY, NOBODY);
      for (const path of [out, link]) {
        await expect(lockOut(path, about)).rejects.toMatchObject({ code: 'LOCK_NOT_OURS' });
      }
      // Where the folder is not shared like this, people work in it together.
      await chmod(shared, 0o775);
      for (const path of [out, link]) expect((await lockOut(path, about)).token).toBe(1);
    }));

  test('a journal of another user is not obeyed: what it staged is dropped', () =>
    withStore(async (store, folder) => {
      const out = join(folder, 'out');
      const input = await deliveryOf(store, { folder, out }, { 'a.csv': 'ours' });
      await deliverInto({ input, store });
      const ours = await textsIn(out);
      const staged = join(sideFolder(out), 'staging-theirs');
      await mkdir(staged, { recursive: true });
      await writeFile(join(staged, 'a.csv'), 'theirs');
      const journal = join(sideFolder(out), 'journal.json');
      await writeFile(journal, JSON.stringify({ staging: 'staging-theirs' }));
      await chown(journal, NOBODY, NOBODY);
      expect(await recoverDelivery(out)).toBe('rolled back');
      expect(await textsIn(out)).toEqual(ours);
    }));
});
