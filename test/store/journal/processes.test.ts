import { expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { withFolder } from '../fixtures.ts';
import { openLetters } from './letters.ts';

/** BUILDER_JOURNAL_ROUNDS=1000 makes the race as long as it was once measured with. */
const ROUNDS = Number(process.env['BUILDER_JOURNAL_ROUNDS'] ?? 200);
jest.setTimeout(100_000 + ROUNDS * 100);
const RIVALS = process.env['BUILDER_JOURNAL_ROUNDS'] === undefined ? 4 : 10;

function start(folder: string, by: string, count: number) {
  const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(
    process.execPath,
    [
      '--import',
      path('../../engine/processes/typescript.mjs'),
      path('./processes/append.ts'),
      folder,
      by,
      String(count),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const told: string[] = [];
  const lines = createInterface({ input: child.stdout });
  const seen = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      told.push(line);
      if (told.length === 50) resolve();
    });
    lines.on('close', () => resolve());
  });
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')]);
  return { told, ended, seen, kill: () => child.kill('SIGKILL') };
}

test(`${RIVALS} processes append the same ${ROUNDS} subjects and compact meanwhile: each has one winner`, () =>
  withFolder(async (folder) => {
    const rivals = Array.from({ length: RIVALS }, (_, i) => start(folder, `p${i}`, ROUNDS));
    await Promise.all(rivals.map(({ ended }) => ended));
    const won = rivals.flatMap(({ told }) => told);
    expect(won.map(Number).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: ROUNDS }, (_, i) => i),
    );
    const journal = openLetters(folder);
    for (const [i, { told }] of rivals.entries()) {
      for (const letter of told) expect(journal.state(`letter ${letter}`)).toEqual({ by: `p${i}` });
      expect(journal.summary()[`p${i}`] ?? 0).toBe(told.length);
    }
  }));

test('processes are killed with -9 while they append and compact: what they told of is there, once', () =>
  withFolder(async (folder) => {
    const told = new Map<string, string>();
    for (let round = 0; round < 3; round += 1) {
      const children = ['a', 'b'].map((name) => ({
        name: `${name}${round}`,
        ...start(folder, `${name}${round}`, 1_000_000),
      }));
      await Promise.race(children.map(({ seen }) => seen));
      for (const { kill } of children) kill();
      await Promise.all(children.map(({ ended }) => ended));
      for (const child of children) {
        for (const letter of child.told) {
          expect(told.has(letter)).toBe(false);
          told.set(letter, child.name);
        }
      }
    }
    const journal = openLetters(folder);
    for (const [letter, by] of told) expect(journal.state(`letter ${letter}`)).toEqual({ by });
    const total = Object.values(journal.summary()).reduce((a, b) => a + b);
    // At most one a process was written and not told any more.
    expect(total - told.size).toBeGreaterThanOrEqual(0);
    expect(total - told.size).toBeLessThanOrEqual(6);
    await journal.compact();
    expect(Object.values(openLetters(folder).summary()).reduce((a, b) => a + b)).toBe(total);
    expect((await readdir(folder)).length).toBeLessThan(12);
  }));
