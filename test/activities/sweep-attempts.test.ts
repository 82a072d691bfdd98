import { expect, test } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { sweepAttempts } from '../../src/activities/sweep-attempts.ts';
import { temporaryName } from '../../src/os/atomic.ts';
import { withFolder } from '../store/fixtures.ts';
import { deadProcess } from '../store/other-process.ts';

const DAY = 24 * 3600 * 1000;

async function leave(path: string, daysAgo = 0): Promise<string> {
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'part'), 'bytes');
  const at = new Date(Date.now() - daysAgo * DAY);
  for (const each of [join(path, 'part'), path, dirname(path)]) await utimes(each, at, at);
  return path;
}

test('what attempts left goes once their run is over, or has been unknown for a week', () =>
  withFolder(async (root) => {
    await leave(join(root, 'over', 'step.1-1'));
    await leave(join(root, 'goes-on', 'step.1-1'), 90);
    await leave(join(root, 'unknown', 'step.1-1'));
    await leave(join(root, 'old-unknown', 'step.1-1'), 8);
    await leave(join(root, 'has-command', 'step.1-1'));
    await writeFile(join(root, 'has-command', 'step.1-1.pid'), '{}');
    await leave(join(root, 'over', 'step.2-1'));
    const overUntil = (run: string): number | undefined | 'unknown' => {
      if (run.includes('unknown')) return 'unknown';
      return run === 'goes-on' ? undefined : 1;
    };
    const looked = await sweepAttempts(root, { overUntil, look: true });
    expect(looked.attempts).toMatchObject({ runs: 2, files: 2, bytes: 10 });
    expect(await sweepAttempts(root, { overUntil, look: false })).toEqual(looked);
    const there = ['over', 'goes-on', 'unknown', 'old-unknown', 'has-command'];
    // The second start of a run is not over.
    expect(readdirSync(join(root, 'over'))).toEqual(['step.2-1']);
    expect(there.filter((name) => existsSync(join(root, name)))).toEqual([
      'over',
      'goes-on',
      'unknown',
      'has-command',
    ]);
  }));

test('what queries of dead processes had spilled goes, that of living ones stays', () =>
  withFolder(async (root) => {
    const shared = join(root, '_shared');
    const mine = await leave(temporaryName(shared, 'spill'));
    const { pid } = deadProcess();
    const dead = await leave(mine.replace(`spill-${process.pid}-`, `spill-${pid}-`));
    const old = await leave(join(shared, 'spill-0123456789abcdef'), 2);
    const young = await leave(join(shared, 'spill-fedcba9876543210'));
    const { spilled } = await sweepAttempts(root, { overUntil: () => 1, look: false });
    expect(spilled).toMatchObject({ files: 2, bytes: 10 });
    expect([mine, dead, old, young].map((path) => existsSync(path))).toEqual([
      true,
      false,
      false,
      true,
    ]);
  }));
