import { expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { mkdir, open, readdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises';
import { truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import {
  deliverInto,
  inspectOut,
  previousResults,
  previousRows,
} from '../../src/delivery/deliver.ts';
import { makeFolderTarget } from '../../src/delivery/folder/folder-target.ts';
import { lockOut, sideFolder } from '../../src/delivery/folder/out-lock.ts';
import { temporaryName } from '../../src/os/atomic.ts';
import { fileIn, withStore } from '../store/fixtures.ts';
import { withLivingProcess } from '../store/other-process.ts';
import { deliveryOf, inputOf, textsIn } from './fixtures.ts';

const now = (): number => 1000;

test('puts the exports, what they are, and the record of the run into --out', () =>
  withStore(async (store, folder) => {
    const out = join(folder, 'out');
    const input = await deliveryOf(
      store,
      { folder, out },
      { 'b.csv': 'b\n1', 'a/deep/a.csv': 'a' },
    );
    expect(await deliverInto({ input, store, targets: [makeFolderTarget({ now })] })).toEqual({
      files: 2,
      bytes: 4,
    });

    const texts = await textsIn(out, { withRunJson: true });
    expect(Object.keys(texts).toSorted()).toEqual([
      'a/deep/a.csv',
      'b.csv',
      'manifest.json',
      'run.json',
    ]);
    expect(JSON.parse(texts['manifest.json']!)).toEqual({
      format: 1,
      job: 'job',
      profile: 'profile',
      params: { country: 'US' },
      plan_sha256: 'plan',
      files: [
        {
          path: 'a/deep/a.csv',
          sha256: input.files[1]!.artifact.sha256,
          bytes: 1,
          rows: 1,
          columns: [{ name: 'id', type: 'BIGINT' }],
          from: 'clean',
        },
        {
          path: 'b.csv',
          sha256: input.files[0]!.artifact.sha256,
          bytes: 3,
          rows: 2,
          columns: [{ name: 'id', type: 'BIGINT' }],
          from: 'clean',
        },
      ],
    });
    expect(JSON.parse(texts['run.json']!)).toEqual({
      run_id: 'run-1',
      job: 'job',
      profile: 'profile',
      status: 'OK',
      plan_sha256: 'plan',
      params: { country: 'US' },
      started_at: '1970-01-01T00:00:00.000Z',
      finished_at: '1970-01-01T00:00:01.000Z',
      steps: [],
    });
  }));

test('equal exports of two runs are equal byte for byte, but for run.json', () =>
  withStore(async (store, folder) => {
    const texts = { 'a.csv': 'a', 'sub/b.csv': 'b' };
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    const first = await deliveryOf(store, { folder, out: one }, texts);
    const second = inputOf({ out: two, runId: 'run-2', files: first.files.toReversed() });
    await deliverInto({ input: first, store });
    await deliverInto({ input: second, store });
    expect(await textsIn(two)).toEqual(await textsIn(one));
    expect(await readFile(join(two, 'run.json'))).not.toEqual(
      await readFile(join(one, 'run.json')),
    );
  }));

test('replaces an earlier delivery as a whole, edits in it included, and leaves nothing beside it', () =>
  withStore(async (store, folder) => {
    const out = join(folder, 'data', 'out');
    const old = await deliveryOf(store, { folder, out }, { 'a.csv': 'old', 'gone.csv': 'x' });
    await deliverInto({ input: old, store });
    await writeFile(join(out, 'a.csv'), 'an edit');
    const next = await deliveryOf(store, { folder, out, runId: 'run-2' }, { 'a.csv': 'new' });
    await deliverInto({ input: next, store });
    expect((await readdir(out)).toSorted()).toEqual(['a.csv', 'manifest.json', 'run.json']);
    expect(await readFile(join(out, 'a.csv'), 'utf8')).toBe('new');
    expect(await readdir(join(folder, 'data'))).toEqual(['out']);
    expect(await store.verify(old.files[0]!.artifact, { deep: true })).toBe(true);
  }));

test('who has a file of the old version open goes on reading it', () =>
  withStore(async (store, folder) => {
    const out = join(folder, 'out');
    await deliverInto({ input: await deliveryOf(store, { folder, out }, { a: 'old' }), store });
    const reader = await open(join(out, 'a'));
    await deliverInto({ input: await deliveryOf(store, { folder, out }, { a: 'new' }), store });
    expect(await reader.readFile('utf8')).toBe('old');
    await reader.close();
  }));

test.each([
  ['absent', async () => undefined],
  ['an empty folder', async (out: string) => mkdir(out, { recursive: true })],
])('fills an --out that is %s, below folders that do not exist yet', (_, prepare) =>
  withStore(async (store, folder) => {
    const out = join(folder, 'not', 'yet', 'there', 'out');
    await prepare(out);
    await deliverInto({ input: await deliveryOf(store, { folder, out }, { a: '1' }), store });
    expect(await inspectOut(out)).toMatchObject({ state: 'ours' });
  }),
);

test.each(['link', 'link/', './link', 'dangling', 'sub/../link'])(
  'fills what --out %j points to, and the link stays a link',
  (name) =>
    withStore(async (store, folder) => {
      await mkdir(join(folder, 'real'));
      await mkdir(join(folder, 'sub'));
      await symlink('real', join(folder, 'link'));
      await symlink('later', join(folder, 'dangling'));
      const out = `${folder}/${name}`;
      for (const text of ['old', 'new']) {
        await deliverInto({ input: await deliveryOf(store, { folder, out }, { a: text }), store });
      }
      const target = name === 'dangling' ? 'later' : 'real';
      expect(await readFile(join(folder, target, 'a'), 'utf8')).toBe('new');
      expect(await readlink(join(folder, name.match(/\w+(?=\/?$)/)![0]))).toBe(target);
    }),
);

test.each([
  ['a folder with something else in it', (out: string) => fileIn(out, 'thesis.txt', 'mine')],
  [
    'a folder with a manifest that is not ours',
    (out: string) => fileIn(out, 'manifest.json', '{}'),
  ],
  ['a file', (out: string) => writeFile(out, 'mine')],
])('refuses an --out that is %s, and touches nothing', (_, prepare) =>
  withStore(async (store, folder) => {
    const out = join(folder, 'out');
    await prepare(out);
    const input = await deliveryOf(store, { folder, out }, { a: '1' });
    const before = await readdir(folder);
    await expect(deliverInto({ input, store })).rejects.toThrow('nothing was touched');
    expect(await readdir(folder)).toEqual(before);
    expect(await inspectOut(out)).toMatchObject({ state: 'foreign' });
  }),
);

test('takes a folder that another run begins, or was killed while it began it, for an empty one', () =>
  withStore(async (_store, folder) => {
    const out = join(folder, 'out');
    await fileIn(out, basename(temporaryName(out)), 'half a manifest');
    expect(await inspectOut(out)).toEqual({ state: 'empty' });
    await fileIn(out, 'thesis.txt', 'mine');
    expect(await inspectOut(out)).toEqual({ state: 'foreign' });
  }));

test.each([
  '../escape',
  '/absolute',
  'a/../../b',
  'a/../b',
  '.',
  '..',
  '',
  'folder/',
  'manifest.json',
  'run.json',
  'run.json/inside',
])('refuses an export named %j', (path) =>
  withStore(async (store, folder) => {
    const out = join(folder, 'out');
    const good = await deliveryOf(store, { folder, out }, { a: '1' });
    const input = inputOf({ out, files: [{ ...good.files[0]!, path }] });
    await expect(deliverInto({ input, store })).rejects.toThrow(`the export '${path}' would`);
    expect(await inspectOut(out)).toEqual({ state: 'absent' });
    expect(await readdir(folder)).not.toContain('.out.builder');
  }),
);

test.each([
  ['the same path', 'a', 'a'],
  ['a path below a file', 'a', 'a/b'],
])('refuses two exports that have %s', (_, one, two) =>
  withStore(async (store, folder) => {
    const out = join(folder, 'out');
    const [file] = (await deliveryOf(store, { folder, out }, { a: '1' })).files;
    const files = [one, two].map((path) => ({ ...file!, path }));
    await expect(deliverInto({ input: inputOf({ out, files }), store })).rejects.toThrow(
      `would take the place of 'a'`,
    );
  }),
);

test.each([
  ['gone', (path: string) => rm(path)],
  ['cut short', (path: string) => truncate(path, 1)],
  ['other than they were', damage],
])('delivers nothing when stored bytes are %s, and the earlier delivery stays', (_, harm) =>
  withStore(async (store, folder) => {
    const out = join(folder, 'out');
    await deliverInto({ input: await deliveryOf(store, { folder, out }, { a: 'old' }), store });
    const before = await textsIn(out);
    const input = await deliveryOf(store, { folder, out }, { a: 'new', b: 'more' });
    await harm(await store.materialize(input.files[1]!.artifact));
    await expect(deliverInto({ input, store })).rejects.toThrow(
      'the stored bytes of b are damaged',
    );
    expect(await textsIn(out)).toEqual(before);
    expect(await readdir(folder)).not.toContain('.out.builder');
  }),
);

async function damage(path: string): Promise<void> {
  const { size } = await stat(path);
  await rm(path);
  await writeFile(path, 'x'.repeat(size));
}

test('delivers a folder as it was stored', () =>
  withStore(async (store, folder) => {
    const out = join(folder, 'out');
    await fileIn(folder, 'tree/x=1/part', 'one');
    await fileIn(folder, 'tree/x=2/part', 'two');
    const artifact = await store.put(join(folder, 'tree'), { format: 'tree' });
    const file = { path: 'table', artifact, from: 'split', fingerprint: 'none', output: 'tree' };
    await deliverInto({ input: inputOf({ out, files: [file] }), store });
    expect(await textsIn(join(out, 'table'))).toEqual({ 'x=1/part': 'one', 'x=2/part': 'two' });
  }));

test('remembers how many rows each export was made from', () =>
  withStore(async (store, folder) => {
    const out = join(folder, 'out');
    expect(await previousRows(out)).toEqual({});
    await deliverInto({ input: await deliveryOf(store, { folder, out }, { a: '1\n2\n3' }), store });
    expect(await previousRows(out)).toEqual({ clean: 3 });
  }));

test('remembers which result each step had, for the same job and profile', () =>
  withStore(async (store, folder) => {
    const out = join(folder, 'out');
    const of = { job: 'job', profile: 'profile' };
    expect(await previousResults(out, of)).toBeUndefined();
    const outcome = {
      kind: 'collect.files',
      status: 'OK',
      attempts: 1,
      lost: 0,
      durationMs: 1,
      elapsedMs: 1,
      endedAtMs: 1,
    } as const;
    const fingerprint = 'ab'.repeat(32);
    const outcomes = [
      { ...outcome, step: 'a', fingerprint },
      { ...outcome, step: 'b' },
      { ...outcome, step: 'c', fingerprint: '../elsewhere' },
    ];
    await deliverInto({ input: { ...inputOf({ out, files: [] }), outcomes }, store });
    expect(await previousResults(out, of)).toEqual({ a: fingerprint });
    expect(await previousResults(out, { ...of, profile: 'other' })).toBeUndefined();
    await writeFile(join(out, 'run.json'), '{');
    expect(await previousResults(out, of)).toBeUndefined();
  }));

test('a run without exports delivers its record', () =>
  withStore(async (store, folder) => {
    const out = join(folder, 'out');
    await deliverInto({ input: inputOf({ out, files: [] }), store });
    expect((await readdir(out)).toSorted()).toEqual(['manifest.json', 'run.json']);
  }));

test('an attempt that starts while an earlier one still works waits for it: --out is whole at all times', () =>
  withStore(async (store, folder) => {
    const out = join(folder, 'out');
    const texts = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`file-${i}`, `${i}`]));
    const input = await deliveryOf(store, { folder, out }, texts);
    const seen: string[][] = [];
    let second: Promise<unknown> = Promise.resolve();
    const onPhase = (phase: string): void => {
      if (phase === 'staged') second = deliverInto({ input, store });
      if (phase === 'new in') seen.push(readdirSync(out));
    };
    await deliverInto({ input, store, targets: [makeFolderTarget({ onPhase })] });
    await second;
    expect(seen.map((names) => names.length)).toEqual([22]);
    expect(Object.keys(await textsIn(out))).toHaveLength(21);
    expect(await readdir(folder)).not.toContain('.out.builder');
  }));

test('delivers nothing into an --out that another living run holds, whoever asks', () =>
  withStore((store, folder) =>
    withLivingProcess(async (other) => {
      const out = join(folder, 'out');
      const input = await deliveryOf(store, { folder, out }, { a: '1' });
      await lockOut(out, { runId: 'run-2', stateDir: folder });
      const entry = { owner: other, about: { runId: 'run-2', stateDir: folder } };
      await writeFile(join(sideFolder(out), 'owner.json.1'), JSON.stringify(entry));
      await expect(deliverInto({ input, store })).rejects.toMatchObject({ code: 'OUT_BUSY' });
      expect(await inspectOut(out)).toEqual({ state: 'absent' });
    }),
  ));
