import { expect, test } from '@jest/globals';
import { chmod, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { stage } from '../../../src/delivery/folder/stage.ts';
import { areThere } from '../../../src/store/s3/artifacts-there.ts';
import { parseS3Place } from '../../../src/store/s3/s3-place.ts';
import { s3StoreOver } from '../../../src/store/s3/s3-store.ts';
import { BUCKET } from '../../harness/s3-server.ts';
import { factOf, fileIn, FINGERPRINT, resultOf } from '../fixtures.ts';
import { withCloud } from './fixtures.ts';

import type { ArtifactRef } from '../../../src/model/step-result.ts';
import type { Objects } from '../../../src/store/s3/objects.ts';
import type { Store } from '../../../src/store/store.ts';
import type { S3Server } from '../../harness/s3-server.ts';
import type { Cloud } from './fixtures.ts';

const MB = 1024 * 1024;
const HOUR_MS = 3600 * 1000;

/** Bytes that are not all the same, so that parts in a wrong order are another file. */
async function largeFile(folder: string, name: string, megabytes: number): Promise<string> {
  const path = join(folder, name);
  const words = Buffer.alloc(megabytes * MB);
  for (let at = 0; at < words.length; at += 4096) words.writeUInt32LE(at + megabytes, at);
  await writeFile(path, words);
  return path;
}
const put = async (store: Store, { folder }: Cloud, text: string): Promise<ArtifactRef> =>
  store.put(await fileIn(folder, 'new', text), { format: 'file' });
const artifactsIn = (server: S3Server): readonly string[] =>
  [...server.objects.keys()].filter((key) => key.includes('artifacts/'));
const copiesOf = async ({ folder }: Cloud, name: string): Promise<number> => {
  const shards = await readdir(join(folder, name, 'cache/artifacts')).catch((): string[] => []);
  const names = shards.map((shard) => readdir(join(folder, name, 'cache/artifacts', shard)));
  return (await Promise.all(names)).flat().length;
};

test('a large file goes in parts, and comes back the same on another machine', () =>
  withCloud(async (cloud) => {
    const { server, open, folder } = cloud;
    const path = await largeFile(folder, 'large', 21);
    const bytes = await readFile(path);
    const ref = await (await open()).put(path, { format: 'file' });
    expect(server.asked.filter(({ query }) => query.has('partNumber'))).toHaveLength(3);
    const other = await open({ name: 'other' });
    await other.copyTo(ref, join(folder, 'back'));
    expect((await readFile(join(folder, 'back'))).equals(bytes)).toBe(true);
    expect(await other.verify(ref, { deep: true })).toBe(true);
  }));

test('a part that is lost, cut off or answered twice is sent or fetched again', () =>
  withCloud(async ({ server, open, folder }) => {
    const faults = [
      'lose-answer',
      'lose-request',
      'twice',
      'cut',
      { refuse: 503, code: 'SlowDown' },
    ];
    let asked = 0;
    server.fault = ({ key }) =>
      key.includes('artifacts/') && (asked += 1) % 2 === 1 ? (faults.shift() as never) : undefined;
    const path = await largeFile(folder, 'large', 21);
    const bytes = await readFile(path);
    const ref = await (await open()).put(path, { format: 'file' });
    faults.push('cut', 'lose-answer', 'lose-request');
    await (await open({ name: 'other' })).copyTo(ref, join(folder, 'back'));
    expect((await readFile(join(folder, 'back'))).equals(bytes)).toBe(true);
    expect(faults).toEqual([]);
  }));

test('an upload that fails sends no more parts', () =>
  withCloud(async ({ server, objects, folder }) => {
    const path = join(folder, 'sparse');
    await writeFile(path, '');
    await truncate(path, 160 * MB);
    server.fault = ({ query }) =>
      query.has('partNumber') ? { refuse: 503, code: 'SlowDown' } : undefined;
    await expect(
      objects({ patienceMs: 0 }).upload('artifacts/x', path, 160 * MB),
    ).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    const parts = new Set(server.asked.flatMap(({ query }) => query.get('partNumber') ?? []));
    expect(parts.size).toBeLessThanOrEqual(8);
    expect(server.uploads.size).toBe(0);
  }));

test('an upload whose last answer was lost is there, whole', () =>
  withCloud(async ({ server, open, folder }) => {
    let isLost = false;
    server.fault = ({ method, query }) => {
      if (method !== 'POST' || !query.has('uploadId') || isLost) return undefined;
      isLost = true;
      return 'lose-answer';
    };
    const store = await open();
    const ref = await store.put(await largeFile(folder, 'large', 17), { format: 'file' });
    expect(isLost).toBe(true);
    expect(await store.verify(ref, { deep: true })).toBe(true);
  }));

test('what was damaged in the bucket is not handed out, and counts as absent where it is looked at', () =>
  withCloud(async (cloud) => {
    const { server, open } = cloud;
    const ref = await put(await open(), cloud, 'whole');
    for (const key of artifactsIn(server)) {
      server.objects.set(key, { ...server.objects.get(key)!, bytes: Buffer.from('wrong') });
    }
    const other = await open({ name: 'other' });
    await expect(other.materialize(ref)).rejects.toThrow('damaged');
    // It was looked at twice, and has been removed.
    expect(artifactsIn(server)).toEqual([]);
    expect(await other.verify(ref)).toBe(false);
    expect(await copiesOf(cloud, 'other')).toBe(0);
  }));

test('what a machine alone reads wrong is not removed', () =>
  withCloud(async (cloud) => {
    const { server, open, objects } = cloud;
    const ref = await put(await open(), cloud, 'whole');
    let reads = 0;
    const wrong: Objects = {
      ...objects(),
      download: async (key, bytes, file) => {
        await objects().download(key, bytes, file);
        return String((reads += 1));
      },
    };
    const place = parseS3Place(`s3://${BUCKET}/pre?endpoint=${server.endpoint}`);
    const other = s3StoreOver(wrong, { place, cacheFolder: join(cloud.folder, 'wrong') });
    await expect(other.materialize(ref)).rejects.toThrow('damaged');
    expect(reads).toBe(2);
    expect(artifactsIn(server)).toHaveLength(1);
  }));

test('where one of two objects of an artifact was damaged the other one is used', () =>
  withCloud(async (cloud) => {
    const { server, open } = cloud;
    const store = await open();
    await put(store, cloud, 'hello');
    const ref = await put(store, cloud, 'hello');
    const [one, two] = artifactsIn(server);
    const bad = { ...server.objects.get(one!)!, bytes: Buffer.from('jello') };
    server.objects.set(one!, { ...bad, writtenMs: bad.writtenMs + 5_000 });
    const fresh = await open({ name: 'fresh' });
    expect(await readFile(await fresh.materialize(ref), 'utf8')).toBe('hello');
    expect(artifactsIn(server)).toEqual([two]);
  }));

/** The copies on a machine, as a power loss may have left them. */
const harmCopies = async (
  { folder }: Cloud,
  harm: (path: string) => Promise<void>,
): Promise<void> => {
  const root = join(folder, 'one/cache/artifacts');
  for (const shard of await readdir(root)) {
    for (const name of await readdir(join(root, shard))) {
      await chmod(join(root, shard, name), 0o644);
      await harm(join(root, shard, name));
    }
  }
};

test('a copy that was cut short is fetched anew', () =>
  withCloud(async (cloud) => {
    const store = await cloud.open();
    const ref = await put(store, cloud, 'one two three');
    await harmCopies(cloud, (path) => truncate(path, 5));
    expect(await readFile(await store.materialize(ref), 'utf8')).toBe('one two three');
  }));

test('a copy is hashed once in each boot of the machine, and fetched anew where it was damaged', () =>
  withCloud(async (cloud) => {
    const { server, open } = cloud;
    const ref = await put(await open({ boot: 'first' }), cloud, 'whole');
    await harmCopies(cloud, (path) => writeFile(path, 'wrong'));
    const booted = await open({ boot: 'second' });
    expect(await readFile(await booted.materialize(ref), 'utf8')).toBe('whole');
    const before = server.asked.length;
    const again = await open({ boot: 'second' });
    expect(await readFile(await again.materialize(ref), 'utf8')).toBe('whole');
    expect(server.asked.slice(before).filter(({ key }) => key.includes('artifacts/'))).toEqual([]);
  }));

test('a delivery whose bytes are damaged on this machine alone is made from those in the bucket', () =>
  withCloud(async (cloud) => {
    const { open, folder } = cloud;
    const store = await open();
    const artifact = await put(store, cloud, 'whole');
    await harmCopies(cloud, (path) => writeFile(path, 'wrong'));
    const file = { path: 'a', artifact, from: 'b', fingerprint: FINGERPRINT, output: 'table' };
    await stage(file, folder, store);
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('whole');
  }));

test('a machine that cannot keep copies fails, and drops nothing of what is everybody’s', () =>
  withCloud(async (cloud) => {
    const { server, open, folder } = cloud;
    const store = await open();
    await fileIn(folder, 'tree/file', 'text');
    const tree = await store.put(join(folder, 'tree'), { format: 'tree' });
    await store.putResult(FINGERPRINT, resultOf({ tree }));
    const bad = await open({ name: 'bad' });
    await fileIn(folder, 'bad/cache/tmp', 'no folder');
    await expect(bad.findResult(FINGERPRINT)).rejects.toThrow('cache/tmp');
    const cut = await open({ name: 'cut', patienceMs: 0 });
    await cut.run('x');
    server.fault = ({ key }) =>
      key.includes('artifacts/') ? { refuse: 503, code: 'SlowDown' } : undefined;
    await expect(cut.findResult(FINGERPRINT)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    await expect(cut.verify(tree, { deep: true })).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
    });
    await expect(cut.copyTo(tree, join(folder, 'to'))).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
    });
    server.fault = () => undefined;
    expect(await store.findResult(FINGERPRINT)).toBeDefined();
  }));

test('a prune goes on where one was cut off, and removes nothing while it cannot read what a folder names', () =>
  withCloud(async (cloud) => {
    const { server, open, folder } = cloud;
    const store = await open();
    await fileIn(folder, 'tree/file', 'text');
    const tree = await store.put(join(folder, 'tree'), { format: 'tree' });
    await store.putResult(FINGERPRINT, resultOf({ tree }));
    const sweep = (from: Store) =>
      from.prune((pruning) => pruning.sweep({ goingOn: async () => [] }));
    const cut = await open({ name: 'cut', patienceMs: 0 });
    server.fault = ({ method, key }) =>
      method === 'GET' && key.includes('artifacts/')
        ? { refuse: 503, code: 'SlowDown' }
        : undefined;
    await expect(sweep(cut)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    server.fault = () => undefined;
    expect(artifactsIn(server)).toHaveLength(2);

    await store.prune(async (pruning) => pruning.dropResults((await pruning.survey()).results));
    server.fault = ({ method, key }) =>
      method === 'PUT' && key.includes('journal/tables')
        ? { refuse: 403, code: 'AccessDenied' }
        : undefined;
    await expect(sweep(store)).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    server.fault = () => undefined;
    expect(artifactsIn(server)).toEqual([]);
    await sweep(await open({ name: 'other' }));
  }));

test('a folder of many files is looked at by few requests, and each of them counts', () =>
  withCloud(async (cloud) => {
    const { server, open, folder } = cloud;
    const store = await open();
    for (let i = 0; i < 60; i += 1) await fileIn(folder, `tree/${i}`, `file ${i}`);
    const tree = await store.put(join(folder, 'tree'), { format: 'tree' });
    const before = server.asked.length;
    expect(await store.verify(tree)).toBe(true);
    expect(server.asked.length - before).toBeLessThan(8);
    for (const key of artifactsIn(server)) {
      const there = server.objects.get(key)!;
      server.objects.delete(key);
      expect(await store.verify(tree)).toBe(false);
      server.objects.set(key, { ...there, bytes: Buffer.concat([there.bytes, there.bytes]) });
      if (there.bytes.length < 100) expect(await store.verify(tree)).toBe(false);
      server.objects.set(key, there);
    }
    expect(await store.verify(tree)).toBe(true);
  }));

test('files are found over the ends of lists', () =>
  withCloud(async (cloud) => {
    const { server, open, objects } = cloud;
    const store = await open();
    for (let i = 0; i < 40; i += 1) await put(store, cloud, `file ${i}`);
    const keys = artifactsIn(server).toSorted();
    const files = keys.map((key) => ({
      sha256: key.split('/')[2]!,
      bytes: server.objects.get(key)!.bytes.length,
    }));
    for (const page of [1, 2, 7]) expect(await areThere(objects(), files, page)).toBe(true);
    for (const gone of [0, 6, 7, 20, 39]) {
      const without = keys[gone]!;
      const there = server.objects.get(without)!;
      server.objects.delete(without);
      for (const page of [1, 2, 7]) expect(await areThere(objects(), files, page)).toBe(false);
      server.objects.set(without, there);
    }
  }));

test('a result whose bytes were removed behind its back counts as absent', () =>
  withCloud(async (cloud) => {
    const { server, open } = cloud;
    const store = await open();
    await store.putResult(FINGERPRINT, resultOf({ table: await put(store, cloud, 'text') }));
    expect(await store.findResult(FINGERPRINT)).toBeDefined();
    for (const key of artifactsIn(server)) server.objects.delete(key);
    expect(await store.findResult(FINGERPRINT)).toBeUndefined();
  }));

test('copies keep to their bound: what was used the longest ago goes, what is in use stays', () =>
  withCloud(async (cloud) => {
    const { open, folder } = cloud;
    const store = await open({ cache: '10MB' });
    const refs: ArtifactRef[] = [];
    const held = store.hold();
    for (let i = 0; i < 6; i += 1) {
      const path = await largeFile(folder, `file-${i}`, 3);
      await writeFile(path, Buffer.alloc(3_000_000, i));
      refs.push(await store.put(path, { format: 'file' }));
      if (i === 0) await held.materialize(refs[0]!);
      await store.settled();
    }
    expect(await copiesOf(cloud, 'one')).toBeLessThanOrEqual(3);
    const path = await held.materialize(refs[0]!);
    expect((await stat(path)).size).toBe(3_000_000);
    await held.release();
    await expect(stat(path)).rejects.toThrow('ENOENT');
    // What went is fetched again.
    await store.copyTo(refs[1]!, join(folder, 'again'));
    expect((await readFile(join(folder, 'again'))).every((byte) => byte === 1)).toBe(true);
  }));

test('a copy that is removed while it is in use stays readable there', () =>
  withCloud(async (cloud) => {
    const { open, folder } = cloud;
    const store = await open();
    const ref = await put(store, cloud, 'in use');
    const held = store.hold();
    const path = await held.materialize(ref);
    await rm(join(folder, 'one/cache/artifacts'), { recursive: true });
    expect(await readFile(path, 'utf8')).toBe('in use');
    expect(await readFile(await store.materialize(ref), 'utf8')).toBe('in use');
    await held.release();
  }));

test('bytes that are stored again while prune removes them stay', () =>
  withCloud(async (cloud) => {
    const { server, open } = cloud;
    const [store, other] = [await open(), await open({ name: 'other' })];
    await put(store, cloud, 'twice');
    let again: Promise<ArtifactRef> | undefined;
    server.fault = ({ method, query }) => {
      if (method !== 'POST' || !query.has('delete') || again !== undefined) return undefined;
      // Just before the first removal another machine stores the same.
      again = put(other, cloud, 'twice');
      return { wait: again };
    };
    await store.prune((pruning) => pruning.sweep({ goingOn: async () => [] }));
    const ref = await again!;
    expect(await store.verify(ref, { deep: true })).toBe(true);
  }));

test('bytes that were stored twice are kept once by prune', () =>
  withCloud(async (cloud) => {
    const { server, open } = cloud;
    const store = await open();
    const ref = await put(store, cloud, 'same');
    await put(store, cloud, 'same');
    await store.putResult(FINGERPRINT, resultOf({ table: ref }));
    expect(artifactsIn(server)).toHaveLength(2);
    await store.prune((pruning) => pruning.sweep({ goingOn: async () => [] }));
    expect(artifactsIn(server)).toHaveLength(1);
    expect(await store.verify(ref, { deep: true })).toBe(true);
  }));

test('an upload that a killed process left is swept by prune a day later', () =>
  withCloud(async (cloud) => {
    const { server, open } = cloud;
    const begun = Date.now();
    server.uploads.set('left', { key: 'pre/artifacts/a/b', begunMs: begun, parts: new Map() });
    server.uploads.set('foreign', { key: 'elsewhere/x', begunMs: begun, parts: new Map() });
    server.uploads.set('other', { key: 'pre/videos/x', begunMs: begun, parts: new Map() });
    const store = await open();
    const sweep = () => store.prune((pruning) => pruning.sweep({ goingOn: async () => [] }));
    server.aheadMs = 23 * HOUR_MS;
    await sweep();
    expect(server.uploads.size).toBe(3);
    server.aheadMs = 25 * HOUR_MS;
    await sweep();
    expect([...server.uploads.keys()]).toEqual(['foreign', 'other']);
  }));

test('prune and compaction leave alone what is not of the store', () =>
  withCloud(async (cloud) => {
    const { server, open } = cloud;
    const names = [
      ...['artifacts/app/app.zip', 'artifacts/readme.txt', `artifacts/${FINGERPRINT}/notes.txt`],
      ...[
        'journal/log/!first',
        'journal/log/diary.txt',
        'journal/heads/!first',
        'journal/tables/x',
      ],
      ...['leases/pruning/!first', 'leases/pruning/note', 'logs/mine'],
    ].map((name) => `pre/${name}`);
    const journal = { compactEvery: 2 };
    const store = await open({ journal });
    const theirs = { bytes: Buffer.from('theirs'), etag: '"x"', writtenMs: Date.now() };
    for (const name of names) server.objects.set(name, theirs);
    for (let day = 0; day < 3; day += 1) {
      server.aheadMs = day * 25 * HOUR_MS;
      const later = await open({ name: `day-${day}`, journal });
      for (let i = 0; i < 4; i += 1) await later.append([factOf({ runId: `run-${day}-${i}` })]);
      await later.settled();
      await later.prune((pruning) => pruning.sweep({ goingOn: async () => [] }));
    }
    expect([...server.objects.keys()].filter((key) => names.includes(key))).toEqual(names);
    expect([...server.objects.keys()]).not.toContain('pre/journal/log/000000000001');
    store.close();
  }));
