import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { withLease } from '../../src/os/lease-turn.ts';
import { deadProcess } from '../store/other-process.ts';

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lock-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const here = (name: string): string =>
  fileURLToPath(new URL(`./processes/${name}`, import.meta.url));

test(
  'processes that count under the lock lose no count',
  () =>
    withFolder(async (folder) => {
      const counter = join(folder, 'counter');
      writeFileSync(counter, '0');
      const args = [
        '--import',
        fileURLToPath(new URL('../engine/processes/typescript.mjs', import.meta.url)),
        here('counter.ts'),
        join(folder, 'lock'),
        counter,
      ];
      const exits = [1, 2, 3].map(() =>
        once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit'),
      );
      expect(await Promise.all(exits)).toEqual([
        [0, null],
        [0, null],
        [0, null],
      ]);
      expect(readFileSync(counter, 'utf8')).toBe('150');
      expect(readdirSync(folder)).toEqual(['counter']);
    }),
  20_000,
);

test('a holder that died is passed over, and one that is only slow is waited for and named', () =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, 'lock.1'), JSON.stringify({ owner: deadProcess(), about: {} }));
    const order: string[] = [];
    const waited: string[] = [];
    const waiting = new EventEmitter();
    const somebodyWaits = once(waiting, 'told');
    const first = withLease(join(folder, 'lock'), async () => {
      await somebodyWaits;
      order.push('first');
    });
    const second = withLease(join(folder, 'lock'), async () => order.push('second'), {
      onWait: (who) => {
        waited.push(who);
        waiting.emit('told');
      },
    });
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
    expect(waited).toEqual([`process ${process.pid}`]);
  }));

test('work that fails gives the lock back', () =>
  withFolder(async (folder) => {
    await expect(
      withLease(join(folder, 'lock'), async () => Promise.reject(new Error('no'))),
    ).rejects.toThrow('no');
    expect(await withLease(join(folder, 'lock'), async () => 'free')).toBe('free');
  }));
