/** The build of a clone with a mistake in its sources. */

import { execFile } from 'node:child_process';
import { appendFile, cp, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { ROOT } from '../harness/cli.ts';

test('a build that fails says what is wrong with the sources, and leaves nothing behind', async () => {
  const clone = await realpath(await mkdtemp(join(tmpdir(), 'builder-broken-')));
  try {
    for (const part of ['src', 'scripts', 'tsconfig.json', 'package.json']) {
      await cp(join(ROOT, part), join(clone, part), { recursive: true });
    }
    await symlink(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    await appendFile(join(clone, 'src/index.ts'), 'a mistake (\n');
    const { code, said } = await new Promise<{ code: unknown; said: string }>((resolve) => {
      const words = [join(clone, 'scripts/build.mjs')];
      execFile(process.execPath, words, { cwd: clone }, (error, stdout, stderr) =>
        resolve({ code: error?.code, said: stdout + stderr }),
      );
    });
    expect(code).toBe(1);
    expect(said).toMatch(/src\/index\.ts/);
    expect(said).not.toContain('ENOTEMPTY');
    expect(await readdir(join(clone, '.builder'))).toEqual([]);
    expect(await readdir(clone)).not.toContain('dist');
  } finally {
    await rm(clone, { recursive: true, force: true });
  }
}, 300_000);
