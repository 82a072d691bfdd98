import { expect, jest, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { deliverInto, outOfReach, recoverDelivery } from '../../src/delivery/deliver.ts';
import { makeFolderTarget } from '../../src/delivery/folder/folder-target.ts';
import { lockOut } from '../../src/delivery/folder/out-lock.ts';
import { withStore } from '../store/fixtures.ts';
import { deliveryOf, textsIn } from './fixtures.ts';
import { block, jsonIn, makeJsonTarget } from './json-target.ts';

import type { DeliverInput } from '../../src/model/step-result.ts';
import type { Store } from '../../src/store/store.ts';

jest.setTimeout(30_000);

type Scene = {
  readonly store: Store;
  readonly folder: string;
  readonly out: string;
  readonly json: string;
  readonly next: DeliverInput;
  /** What both targets hold now. */
  both(): Promise<readonly [string | undefined, string | undefined]>;
};

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Both targets with an old version, and a new one ready. */
async function withTwoTargets(work: (scene: Scene) => Promise<void>): Promise<void> {
  await withStore(async (store, folder) => {
    const out = join(folder, 'out');
    const json = join(folder, 'out.json');
    const old = await deliveryOf(store, { folder, out }, { 'a.csv': 'old' });
    const next = await deliveryOf(store, { folder, out, runId: 'run-2' }, { 'a.csv': 'new' });
    await deliverInto({ input: old, store, targets: [makeFolderTarget(), makeJsonTarget(json)] });
    const both: Scene['both'] = async () => [
      (await textsIn(out))['a.csv'],
      (await jsonIn(json))?.['a.csv'],
    ];
    expect(await both()).toEqual(['old', 'old']);
    await work({ store, folder, out, json, next, both });
  });
}

test('delivers to every target, and says what all of them hold', () =>
  withTwoTargets(async ({ store, json, next, both, folder }) => {
    const targets = [makeJsonTarget(json), makeFolderTarget()];
    expect(await deliverInto({ input: next, store, targets })).toEqual({ files: 2, bytes: 3 });
    expect(await both()).toEqual(['new', 'new']);
    expect(await readdir(folder)).not.toContain('.out.builder');
  }));

test('nothing is published anywhere when one target cannot be prepared', () =>
  withTwoTargets(async ({ store, folder, next, both }) => {
    await block(join(folder, 'blocked'));
    const targets = [makeFolderTarget(), makeJsonTarget(join(folder, 'blocked', 'out.json'))];
    await expect(deliverInto({ input: next, store, targets })).rejects.toThrow('ENOTDIR');
    expect(await both()).toEqual(['old', 'old']);
    expect(await readdir(folder)).not.toContain('.out.builder');
  }));

test('a failure between two targets says which has the delivery, and doing it again ends well', () =>
  withTwoTargets(async ({ store, out, json, next, both }) => {
    const refusing = makeJsonTarget(json, () => {
      throw new Error('the table is locked');
    });
    const targets = [makeFolderTarget(), refusing];
    await expect(deliverInto({ input: next, store, targets })).rejects.toThrow(
      `the table is locked; delivered to ${out} already: \`resume\` delivers to the rest`,
    );
    expect(await both()).toEqual(['new', 'old']);
    await deliverInto({ input: next, store, targets: [makeFolderTarget(), makeJsonTarget(json)] });
    expect(await both()).toEqual(['new', 'new']);
  }));

test.each([
  ['folder first', ['new', 'old'], ['new', 'old']],
  ['json first', ['old', 'new'], ['new', 'new']],
])(
  'kill -9 between two targets, the %s: each is whole, and the next delivery finishes both',
  (order, left, recovered) =>
    withTwoTargets(async ({ store, folder, out, json, next, both }) => {
      const { signal } = spawnSync(process.execPath, [
        '--import',
        path('../engine/processes/typescript.mjs'),
        path('processes/two-targets.ts'),
        ...[order, JSON.stringify(next), join(folder, 'store'), json],
      ]);
      expect(signal).toBe('SIGKILL');
      expect(await both()).toEqual(left);
      const targets = [makeFolderTarget(), makeJsonTarget(json)];
      await recoverDelivery(out, targets);
      expect(await both()).toEqual(recovered);
      await deliverInto({ input: next, store, targets });
      expect(await both()).toEqual(['new', 'new']);
      expect(await readdir(folder)).not.toContain('.out.builder');
      expect(await readdir(folder)).not.toContain('out.json.next');
    }),
);

test('a worker that does not see the lock of --out knows that it does not reach the folder', () =>
  withStore(async (_, folder) => {
    const out = join(folder, 'out');
    const { token } = await lockOut(out, { runId: 'run-1', stateDir: folder });
    const run = { id: 'run-1', out, outToken: token };
    expect(await outOfReach(run)).toBeUndefined();
    const elsewhere = join(folder, 'another', 'out');
    expect(await outOfReach({ ...run, out: elsewhere })).toBe(elsewhere);
  }));
