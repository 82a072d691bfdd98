import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { deliverInto, recoverDelivery } from '../../src/delivery/deliver.ts';
import { lockOut, sideFolder } from '../../src/delivery/folder/out-lock.ts';
import { deliveryOf, textsIn } from '../delivery/fixtures.ts';
import { age, spawnInContainer, whyNoContainer } from '../os/container.ts';
import { withStore } from '../store/fixtures.ts';

import type { ChildProcess } from 'node:child_process';

jest.setTimeout(60_000);

const inContainers = whyNoContainer() === undefined ? describe : describe.skip;

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

inContainers('a container that is frozen in the middle of a delivery, and passed over', () => {
  const frozens: ChildProcess[] = [];
  // Also after a failure: a container left behind would hold up the test run.
  afterEach(() => frozens.splice(0).forEach((frozen) => frozen.kill('SIGKILL')));

  test.each(['staged', 'verified', 'journalled', 'old aside', 'new in', 'journal gone'])(
    'at "%s" it is fenced when it wakes: --out is the one of who took over, and nothing is left',
    (phase) =>
      withStore(async (store, folder) => {
        const out = join(folder, 'data', 'out');
        const old = await deliveryOf(store, { folder, out, runId: 'run-0' }, { 'a.csv': 'old' });
        await deliverInto({ input: old, store });
        const late = await deliveryOf(store, { folder, out, runId: 'late' }, { 'a.csv': 'late' });
        const next = await deliveryOf(store, { folder, out, runId: 'next' }, { 'b.csv': 'next' });

        const go = join(folder, 'go');
        const frozen = spawnInContainer([
          process.execPath,
          '--import',
          path('../engine/processes/typescript.mjs'),
          path('processes/late-delivery.ts'),
          ...[phase, JSON.stringify(late), join(folder, 'store'), go],
        ]);
        frozens.push(frozen);
        const ended = once(frozen, 'exit');
        const said = text(frozen.stdout!);
        await once(frozen.stdout!, 'readable');

        // It holds --out, and cannot be seen from here.
        const about = { runId: 'next', stateDir: folder };
        await expect(lockOut(out, about)).rejects.toMatchObject({
          code: 'OUT_BUSY',
          message: expect.stringMatching(
            /run late .* cannot be seen from here.* runs out in \d+ s/,
          ),
        });
        expect(await recoverDelivery(out)).toBe('nothing');
        age(sideFolder(out), (name) => /^(owner\.json|delivering)\.\d+$/.test(name));
        const lock = await lockOut(out, about);
        expect(lock.before).toMatchObject({ runId: 'late', state: 'unknown' });
        const { plan } = next;
        const run = { ...plan.run, outToken: lock.token };
        await deliverInto({ input: { ...next, plan: { ...plan, run } }, store });
        await lock.unlock({ keep: false });
        const delivered = await textsIn(out);

        writeFileSync(go, '');
        expect(await ended).toEqual([0, null]);
        expect(JSON.parse((await said).trim().split('\n').at(-1) ?? '')).toMatchObject({
          delivery: 'FENCED',
          lock: 'FENCED',
        });
        expect(await textsIn(out)).toEqual(delivered);
        expect(Object.keys(delivered).toSorted()).toEqual(['b.csv', 'manifest.json']);
        expect(await readdir(join(folder, 'data'))).toEqual(['out']);
      }),
  );
});
