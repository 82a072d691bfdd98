import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { deliverInto } from '../../src/delivery/deliver.ts';
import { withStore } from '../store/fixtures.ts';
import { deliveryOf, textsIn } from './fixtures.ts';

import type { Outcome } from '../../src/model/outcome.ts';

const SKIPPED: Outcome = {
  step: 'x',
  kind: 'export.dataset',
  status: 'SKIPPED',
  attempts: 0,
  lost: 0,
  durationMs: 0,
  elapsedMs: 0,
  endedAtMs: 1,
};

test('keeps the earlier delivery where every export was skipped by its condition', () =>
  withStore(async (store, folder) => {
    const out = join(folder, 'out');
    await deliverInto({
      input: await deliveryOf(store, { folder, out }, { 'x.csv': 'x\n1' }),
      store,
    });
    const before = await textsIn(out, { withRunJson: true });
    const input = { ...(await deliveryOf(store, { folder, out }, {})), outcomes: [SKIPPED] };

    expect(await deliverInto({ input, store })).toEqual({ files: 0, bytes: 0, kept: true });
    expect(await textsIn(out, { withRunJson: true })).toEqual(before);
  }));

test('tells which files of the earlier delivery are no longer there', () =>
  withStore(async (store, folder) => {
    const out = join(folder, 'out');
    const both = { 'x.csv': 'x\n1', 'y.csv': 'y\n1' };
    await deliverInto({ input: await deliveryOf(store, { folder, out }, both), store });
    const input = await deliveryOf(store, { folder, out, runId: 'run-2' }, { 'y.csv': 'y\n1' });

    const delivered = await deliverInto({ input: { ...input, outcomes: [SKIPPED] }, store });
    expect(delivered).toEqual({ files: 1, bytes: 3, gone: ['x.csv'] });
    expect(Object.keys(await textsIn(out))).not.toContain('x.csv');
  }));
