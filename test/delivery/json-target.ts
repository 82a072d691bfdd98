/** A second target, small enough to read at one look: a delivery is one JSON file, replaced as a whole. */

import { readFile, rename, rm, writeFile } from 'node:fs/promises';

import { writeWhole } from '../../src/os/atomic.ts';

import type { DeliveryTarget } from '../../src/delivery/target.ts';

/** `onCommit` is called right before the file appears. */
export function makeJsonTarget(
  path: string,
  onCommit: () => void = () => undefined,
): DeliveryTarget {
  const draft = `${path}.next`;
  return {
    kind: 'json file',
    placeOf: () => path,
    reaches: async () => true,
    prepare: async ({ input, store }) => {
      const texts: Record<string, string> = {};
      for (const { path: name, artifact } of input.files) {
        if (!(await store.verify(artifact, { deep: true }))) throw new Error(`${name} is damaged`);
        texts[name] = await readFile(await store.materialize(artifact), 'utf8');
      }
      await rm(draft, { force: true });
      await writeWhole(draft, JSON.stringify(texts), { sync: true });
      return {
        commit: async () => {
          onCommit();
          await rename(draft, path);
          return { files: 1, bytes: 0 };
        },
        discard: () => rm(draft, { force: true }),
      };
    },
    recover: async () => {
      await rm(draft, { force: true });
      return 'nothing';
    },
  };
}

/** What such a target holds; undefined before its first delivery. */
export async function jsonIn(path: string): Promise<Record<string, string> | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Record<string, string>);
}

/** Makes a place where no such file can be written. */
export async function block(path: string): Promise<void> {
  await writeFile(path, 'a file where a folder should be');
}
