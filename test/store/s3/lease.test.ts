import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { expect, test } from '@jest/globals';

import { openS3Leases, S3_LEASE } from '../../../src/store/s3/s3-lease.ts';
import { ownOwner } from '../../../src/os/owner.ts';
import { withCloud } from './fixtures.ts';

import type { Cloud } from './fixtures.ts';

const FAST = { ttlMs: 60_000, renewEveryMs: 20, trustMs: 35_000 };
const elsewhere = (): Buffer =>
  Buffer.from(JSON.stringify({ owner: { ...ownOwner(), host: 'elsewhere', boot: 'another' } }));
const leasesOf = ({ objects }: Cloud, timing = S3_LEASE) => openS3Leases(objects(), timing);
const keysOf = ({ server }: Cloud) =>
  [...server.objects.keys()].filter((key) => key.includes('leases/'));

test('of many who take it at once one has it, and it is free once it is given back', () =>
  withCloud(async (cloud) => {
    const many = await Promise.all(
      Array.from({ length: 8 }, () => leasesOf(cloud).take('adopter')),
    );
    const [held, ...more] = many.flatMap((one) => (one.taken ? [one.lease] : []));
    expect(more).toEqual([]);
    expect(await leasesOf(cloud).isTaken('adopter')).toBe(true);
    held!.release();
    await held!.released();
    expect(await leasesOf(cloud).isTaken('adopter')).toBe(false);
    expect(keysOf(cloud)).toEqual([]);
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
    let goOn: () => void = () => undefined;
    const isHeldUp = new Promise<void>((heldUp) => {
      server.fault = ({ method }) => {
        if (method !== 'PUT') return undefined;
        server.fault = () => undefined;
        heldUp();
        return { wait: new Promise<void>((resolve) => (goOn = resolve)) };
      };
    });
    const late = leasesOf(cloud).take('pruning');
    await isHeldUp;
    const quick = await leasesOf(cloud).take('pruning');
    if (!quick.taken) throw new Error('it has run out');
    quick.lease.release();
    await quick.lease.released();
    // Nobody is left: the numbers begin anew.
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

test('who could not write it for half a minute does nothing more', () =>
  withCloud(async (cloud) => {
    const taken = await leasesOf(cloud, { ...FAST, trustMs: -1 }).take('pruning');
    if (!taken.taken) throw new Error('nobody else has it');
    expect(() => taken.lease.check()).toThrow('not held');
  }));
