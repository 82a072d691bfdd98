import { expect, jest, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { deliverInto, inspectOut, recoverDelivery } from '../../src/delivery/deliver.ts';
import { lockOut } from '../../src/delivery/folder/out-lock.ts';
import { deliveryOf, textsIn } from '../delivery/fixtures.ts';
import { fileIn, withStore } from '../store/fixtures.ts';
import { withLivingProcess } from '../store/other-process.ts';

import type { DeliverInput } from '../../src/model/step-result.ts';
import type { Store } from '../../src/store/store.ts';

jest.setTimeout(30_000);

const OLD = { 'a.csv': 'old', 'sub/b.csv': 'old too', 'only-old.csv': 'x' };
const NEW = { 'a.csv': 'new', 'sub/b.csv': 'new too', 'only-new.csv': 'y' };

type Scene = {
  readonly store: Store;
  readonly folder: string;
  readonly out: string;
  readonly old: DeliverInput;
  readonly next: DeliverInput;
  /** Everything in `--out` but run.json, of the old version and of the new one. */
  readonly versions: { readonly old: object; readonly next: object };
};

/** An `--out` that holds the old version, and a new one ready to be delivered. */
async function withDeliveries(work: (scene: Scene) => Promise<void>): Promise<void> {
  await withStore(async (store, folder) => {
    const out = join(folder, 'data', 'out');
    const undisturbed = join(folder, 'undisturbed');
    const old = await deliveryOf(store, { folder, out }, OLD);
    const next = await deliveryOf(store, { folder, out, runId: 'run-2' }, NEW);
    const alone = await deliveryOf(store, { folder, out: undisturbed }, NEW);
    await deliverInto({ input: alone, store });
    await deliverInto({ input: old, store });
    const versions = { old: await textsIn(out), next: await textsIn(undisturbed) };
    await work({ store, folder, out, old, next, versions });
  });
}

function path(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Runs a real process until it is killed at `phase`. */
function killAt(phase: string, what: DeliverInput | 'recover', { folder, out }: Scene): void {
  const { signal, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      path('../engine/processes/typescript.mjs'),
      path('./processes/deliver.ts'),
      phase,
      what === 'recover' ? what : JSON.stringify(what),
      join(folder, 'store'),
      out,
    ],
    { encoding: 'utf8' },
  );
  if (signal !== 'SIGKILL') throw new Error(`it was not killed at '${phase}': ${stderr}`);
}

test.each([
  ['staged', 'rolled back', 'old'],
  ['verified', 'rolled back', 'old'],
  ['journalled', 'completed', 'next'],
  ['old aside', 'completed', 'next'],
  ['new in', 'completed', 'next'],
  ['journal gone', 'completed', 'next'],
  ['old dropped', 'nothing', 'next'],
] as const)('kill -9 at "%s": recovery says "%s", and --out is the %s version', (...expected) =>
  withDeliveries(async (scene) => {
    const [phase, recovered, version] = expected;
    killAt(phase, scene.next, scene);
    expect(await recoverDelivery(scene.out)).toBe(recovered);
    expect(await textsIn(scene.out)).toEqual(scene.versions[version]);
    expect(await recoverDelivery(scene.out)).toBe('nothing');
    expect(await readdir(join(scene.folder, 'data'))).toEqual(['out']);
    await deliverInto({ input: scene.next, store: scene.store });
    expect(await textsIn(scene.out)).toEqual(scene.versions.next);
  }),
);

test.each(['journalled', 'old aside', 'new in', 'journal gone'])(
  'kill -9 at "%s", and again at any moment of the recovery: the next one still finishes it',
  (phase) =>
    withDeliveries(async (scene) => {
      const left: string[] = [];
      for (const again of ['old aside', 'new in', 'journal gone', 'old dropped']) {
        await deliverInto({ input: scene.old, store: scene.store });
        killAt(phase, scene.next, scene);
        // The later the first kill, the fewer moments the recovery has left.
        const isReached = ['old aside', 'new in'].includes(again)
          ? ['journalled', 'old aside'].includes(phase)
          : true;
        if (isReached) killAt(again, 'recover', scene);
        await recoverDelivery(scene.out);
        expect(await textsIn(scene.out)).toEqual(scene.versions.next);
        left.push(...(await readdir(join(scene.folder, 'data'))));
      }
      expect(left).toEqual(['out', 'out', 'out', 'out']);
    }),
);

test.each(['staged', 'journalled', 'old aside', 'new in', 'journal gone'])(
  'kill -9 at "%s": the same run delivers again without anyone recovering first',
  (phase) =>
    withDeliveries(async (scene) => {
      killAt(phase, scene.next, scene);
      await deliverInto({ input: scene.next, store: scene.store });
      expect(await textsIn(scene.out)).toEqual(scene.versions.next);
      expect(await readdir(join(scene.folder, 'data'))).toEqual(['out']);
    }),
);

test('a delivery that fails after a kill had moved the old version aside loses neither version', () =>
  withDeliveries(async (scene) => {
    killAt('old aside', scene.next, scene);
    const broken = { ...scene.old, files: [{ ...scene.old.files[0]!, path: '../escape' }] };
    await expect(deliverInto({ input: broken, store: scene.store })).rejects.toThrow('escape');
    expect(await textsIn(scene.out)).toEqual(scene.versions.next);
  }));

test('what somebody put in the place of a version set aside is not removed', () =>
  withDeliveries(async (scene) => {
    killAt('old aside', scene.next, scene);
    await fileIn(scene.out, 'thesis.txt', 'mine');
    await expect(recoverDelivery(scene.out)).rejects.toMatchObject({ code: 'OUT_NOT_OURS' });
    expect(await textsIn(scene.out)).toEqual({ 'thesis.txt': 'mine' });
    await rename(scene.out, join(scene.folder, 'thesis'));
    expect(await recoverDelivery(scene.out)).toBe('completed');
    expect(await textsIn(scene.out)).toEqual(scene.versions.next);
  }));

test('a journal that cannot be read brings the old version back', () =>
  withDeliveries(async (scene) => {
    killAt('old aside', scene.next, scene);
    await writeFile(join(scene.folder, 'data', '.out.builder', 'journal.json'), '');
    expect(await recoverDelivery(scene.out)).toBe('rolled back');
    expect(await textsIn(scene.out)).toEqual(scene.versions.old);
  }));

test('does not touch what another living process is delivering', () =>
  withDeliveries((scene) =>
    withLivingProcess(async (owner, kill) => {
      await lockOut(scene.out, { runId: 'run-2', stateDir: '/state' });
      killAt('verified', scene.next, scene);
      const side = join(scene.folder, 'data', '.out.builder');
      const held = { about: { runId: 'run-2', stateDir: '/state' }, owner };
      await writeFile(join(side, 'owner.json.1'), JSON.stringify(held));
      const before = (await readdir(side)).toSorted();
      expect(before.map((name) => name.split('-').slice(0, 3).join('-'))).toEqual([
        'delivering.1',
        'owner.json.1',
        'staging-run-2',
      ]);
      expect(await recoverDelivery(scene.out)).toBe('nothing');
      expect((await readdir(side)).toSorted()).toEqual(before);
      await kill();
      expect(await recoverDelivery(scene.out)).toBe('rolled back');
      expect(await inspectOut(scene.out)).toMatchObject({ state: 'ours' });
    }),
  ));
