/** The manifest over all partitions, while some of them are being replaced. */

import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { notePartitions } from '../../src/delivery/folder/partitions.ts';
import { asideOf } from '../../src/delivery/folder/swap.ts';

async function withPartitions(
  ids: readonly string[],
  work: (base: string) => Promise<void>,
): Promise<void> {
  const base = await mkdtemp(join(tmpdir(), 'builder-partitions-'));
  try {
    for (const id of ids) {
      await mkdir(join(base, id));
      const manifest = {
        format: 1,
        job: 'j',
        profile: 'p',
        partition: id,
        params: {},
        plan_sha256: 'h',
        files: [],
      };
      await writeFile(join(base, id, 'manifest.json'), JSON.stringify(manifest));
    }
    await work(base);
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

async function named(base: string): Promise<readonly string[]> {
  const text = await readFile(join(base, 'manifest.json'), 'utf8');
  return (JSON.parse(text) as { partitions: { id: string }[] }).partitions.map(({ id }) => id);
}

test('a partition whose old version is aside and whose new one is not in yet stays named', () =>
  withPartitions(['a', 'b'], async (base) => {
    await notePartitions(base, 'j');
    const aside = asideOf(join(base, 'a'));
    await mkdir(dirname(aside), { recursive: true });
    await rename(join(base, 'a'), aside);

    await notePartitions(base, 'j');
    expect(await named(base)).toEqual(['a', 'b']);

    await rm(dirname(aside), { recursive: true });
    await notePartitions(base, 'j');
    expect(await named(base)).toEqual(['b']);
  }));

test('while others are replaced again and again, none is missed and nothing fails', () =>
  withPartitions(['a', 'b'], async (base) => {
    await notePartitions(base, 'j');
    const [out, aside] = [join(base, 'a'), asideOf(join(base, 'a'))];
    const next = join(dirname(aside), 'next');
    await mkdir(dirname(aside), { recursive: true });
    await cp(out, next, { recursive: true });
    let isOver = false;
    const replacing = (async () => {
      while (!isOver) {
        await rename(out, aside);
        await rename(next, out);
        await rename(aside, next);
        // As deliveries do, it stands longer than it takes to look at it.
        await pause(5);
      }
    })();
    try {
      for (let i = 0; i < 200; i += 1) {
        await notePartitions(base, 'j');
        expect(await named(base)).toEqual(['a', 'b']);
      }
    } finally {
      isOver = true;
      await replacing;
    }
  }));
