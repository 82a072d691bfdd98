import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { expect, test } from '@jest/globals';

import { openS3Leases, S3_LEASE } from '../../../src/store/s3/s3-lease.ts';
import { ownOwner } from '../../../src/os/owner.ts';
import { withCloud } from './fixtures.ts';

import type { S3Lease } from '../../../src/store/s3/s3-lease.ts';
import type { S3LeaseTiming } from '../../../src/store/s3/s3-lease-held.ts';
import type { Fault } from '../../harness/s3-server.ts';
import type { Cloud } from './fixtures.ts';

const FAST = { ttlMs: 60_000, renewEveryMs: 20, trustMs: 35_000 };
const elsewhere = (): Buffer =>
  Buffer.from(JSON.stringify({ owner: { ...ownOwner(), host: 'elsewhere', boot: 'another' } }));
const leasesOf = ({ objects }: Cloud, timing = S3_LEASE) => openS3Leases(objects(), timing);
const keysOf = ({ server }: Cloud) =>
  [...server.objects.keys()].filter((key) => key.includes('leases/'));

const holding = async (cloud: Cloud, timing: S3LeaseTiming): Promise<S3Lease> => {
  const taken = await leasesOf(cloud, timing).take('pruning');
  if (!taken.taken) throw new Error('nobody else has it');
  return taken.lease;
};
/** Holds up the next thing that is written. */
const heldUp = ({ server }: Cloud): Promise<{ readonly goOn: () => void }> =>
  new Promise((resolve) => {
    server.fault = ({ method }) => {
      if (method !== 'PUT') return undefined;
      server.fault = () => undefined;
      let goOn: () => void = () => undefined;
      const wait = new Promise<void>((going) => (goOn = going));
      resolve({ goOn });
      return { wait };
    };
  });

test('of many who take it at once one has it, and it is free once it is given back', () =>
  withCloud(async (cloud) => {
    const many = await Promise.all(
      Array.from({ length: 8 }, () => leasesOf(cloud).take('adopter')),
    );
    const [mine, ...more] = many.flatMap((one) => (one.taken ? [one.lease] : []));
    expect(more).toEqual([]);
    expect(await leasesOf(cloud).isTaken('adopter')).toBe(true);
    mine!.release();
    await mine!.released();
    expect(await leasesOf(cloud).isTaken('adopter')).toBe(false);
    // That it was given back is written behind it: no number is used twice.
    expect(keysOf(cloud)).toEqual(['pre/leases/adopter/000000000002']);
    expect(await leasesOf(cloud).take('adopter')).toMatchObject({ taken: true });
    expect(keysOf(cloud)).toEqual(['pre/leases/adopter/000000000003']);
  }));

test('of a machine that cannot be seen it is free a minute after it was written last, by the service’s clock', () =>
  withCloud(async (cloud) => {
    await cloud.objects().create('leases/pruning/000000000007', elsewhere());
    expect(await leasesOf(cloud).take('pruning')).toMatchObject({ taken: false });
    cloud.server.aheadMs = 62_000;
    expect(await leasesOf(cloud).take('pruning')).toMatchObject({ taken: true });
    expect(keysOf(cloud)).toEqual(['pre/leases/pruning/000000000008']);
  }));

test('who is held up between its look and its number does not have it beside another one', () =>
  withCloud(async (cloud) => {
    const { server, objects } = cloud;
    await objects().create('leases/pruning/000000000005', elsewhere());
    server.aheadMs = 62_000;
    const isHeldUp = heldUp(cloud);
    const late = leasesOf(cloud).take('pruning');
    const { goOn } = await isHeldUp;
    const quick = await leasesOf(cloud).take('pruning');
    if (!quick.taken) throw new Error('it has run out');
    quick.lease.release();
    await quick.lease.released();
    expect(await leasesOf(cloud).take('pruning')).toMatchObject({ taken: true });
    goOn();
    expect(await late).toMatchObject({ taken: false });
  }));

test('from a process of this machine that is dead it is taken at once', () =>
  withCloud(async (cloud) => {
    const child = spawn(process.execPath, ['-e', '']);
    const { pid = 0 } = child;
    await once(child, 'exit');
    const owner = { ...ownOwner(), pid, born: 'long ago' };
    await cloud
      .objects()
      .create('leases/pruning/000000000001', Buffer.from(JSON.stringify({ owner })));
    expect(await leasesOf(cloud).take('pruning')).toMatchObject({ taken: true });
  }));

test('who lost it is told, and does nothing more', () =>
  withCloud(async (cloud) => {
    const taken = await leasesOf(cloud, FAST).take('pruning');
    if (!taken.taken) throw new Error('nobody else has it');
    expect(() => taken.lease.check()).not.toThrow();
    await cloud.objects().create('leases/pruning/000000000002', elsewhere());
    await taken.lease.lost;
    expect(() => taken.lease.check()).toThrow('not held');
    taken.lease.release();
    await taken.lease.released();
    expect(keysOf(cloud)).toContain('pre/leases/pruning/000000000002');
  }));

test('who could not write it for half a minute does nothing more, and is told', () =>
  withCloud(async (cloud) => {
    const lease = await holding(cloud, { ...FAST, trustMs: 3_000 });
    cloud.server.fault = ({ method }) =>
      method === 'PUT' ? { refuse: 503, code: 'SlowDown' } : undefined;
    await lease.lost;
    expect(() => lease.check()).toThrow('not held');
  }));

test('what a holder had asked for before another one took it does not bring it back', () =>
  withCloud(async (cloud) => {
    const slow = await holding(cloud, FAST);
    const { goOn } = await heldUp(cloud);
    cloud.server.aheadMs = 62_000;
    const next = await holding(cloud, S3_LEASE);
    goOn();
    await slow.lost;
    slow.release();
    await slow.released();
    expect(() => next.check()).not.toThrow();
    expect(keysOf(cloud)).toEqual(['pre/leases/pruning/000000000002']);
  }));

test('a number that others have left behind them gives nothing to who writes it late', () =>
  withCloud(async (cloud) => {
    const { objects } = cloud;
    const slow = await holding(cloud, FAST);
    const { goOn } = await heldUp(cloud);
    await objects().create('leases/pruning/000000000005', elsewhere());
    await objects().remove(['leases/pruning/000000000001']);
    goOn();
    await slow.lost;
    slow.release();
    await slow.released();
    expect(keysOf(cloud)).toEqual(['pre/leases/pruning/000000000005']);
  }));

test('it is given back behind what its holder was just writing', () =>
  withCloud(async (cloud) => {
    const lease = await holding(cloud, FAST);
    const { goOn } = await heldUp(cloud);
    lease.release();
    goOn();
    await lease.released();
    expect(await leasesOf(cloud).isTaken('pruning')).toBe(false);
    expect(keysOf(cloud)).toEqual(['pre/leases/pruning/000000000003']);
  }));

test('a holder goes on whose answer was lost', () =>
  withCloud(async (cloud) => {
    const { server } = cloud;
    const faults: Fault[] = ['lose-answer', { refuse: 503, code: 'SlowDown' }, 'twice'];
    const lease = await holding(cloud, FAST);
    await new Promise<void>((resolve) => {
      server.fault = ({ method }) => {
        if (method !== 'PUT') return undefined;
        const fault = faults.shift();
        if (fault === undefined) resolve();
        return fault;
      };
    });
    expect(() => lease.check()).not.toThrow();
    expect(await leasesOf(cloud).take('pruning')).toMatchObject({ taken: false });
    lease.release();
    await lease.released();
    expect(await leasesOf(cloud).isTaken('pruning')).toBe(false);
    expect(keysOf(cloud)).toHaveLength(1);
  }));

test('what nobody has held for an hour leaves nothing behind', () =>
  withCloud(async (cloud) => {
    const store = await cloud.open();
    const place = await store.takeLease('limits/x/line/one');
    await place!.release();
    expect(await store.heldLeases('limits/x/line')).toEqual([]);
    expect(keysOf(cloud)).toHaveLength(1);
    cloud.server.aheadMs = 3601_000;
    expect(await store.heldLeases('limits/x/line')).toEqual([]);
    expect(keysOf(cloud)).toEqual([]);
  }));
