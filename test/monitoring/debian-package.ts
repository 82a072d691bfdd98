/** Files out of a package of Debian, without installing it. */

import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { aptGet } from './docker/engine.ts';
import { run } from './docker/tool.ts';

/** Copies: where they are in the package, to where they are wanted. @throws Error where there is no such package */
export async function fromPackage(
  name: string,
  wanted: Readonly<Record<string, string>>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-package-'));
  try {
    // Fetched by a user of its own, who must be able to write here.
    await run(['chmod', '777', folder]);
    await aptGet(['download', name], { cwd: folder });
    await run(['sh', '-c', 'dpkg -x *.deb .'], { cwd: folder });
    for (const [path, target] of Object.entries(wanted)) {
      await cp(join(folder, path), target, { recursive: true });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
