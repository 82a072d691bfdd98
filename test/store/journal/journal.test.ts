import { expect, test } from '@jest/globals';
import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

import { withFolder } from '../fixtures.ts';
import { openLetters } from './letters.ts';

import type { Letters } from './letters.ts';

const put = (letter: string, by: string) => ({ letter, by });
const first = (journal: Letters, letter: string) => journal.state(`letter ${letter}`)?.by;

test('the first of a subject wins, and every other is told who did', () =>
  withFolder(async (folder) => {
    const journal = openLetters(folder);
    expect(await journal.append([put('a', 'x'), put('b', 'x'), put('a', 'y')])).toEqual([
      { won: true },
      { won: true },
      { won: false, first: 'x' },
    ]);
    const other = openLetters(folder);
    expect(await other.append([put('b', 'z')])).toEqual([{ won: false, first: 'x' }]);
    expect(first(other, 'a')).toBe('x');
    expect(first(other, 'c')).toBeUndefined();
    expect(other.summary()).toEqual({ x: 2 });
  }));

test('what others append is seen at the next look', () =>
  withFolder(async (folder) => {
    const [one, two] = [openLetters(folder), openLetters(folder)];
    expect(first(two, 'a')).toBeUndefined();
    await one.append([put('a', 'x')]);
    expect(first(two, 'a')).toBe('x');
    await two.append([put('b', 'y')]);
    expect(first(one, 'b')).toBe('y');
  }));

test('a compaction changes nothing that can be asked, and leaves one table', () =>
  withFolder(async (folder) => {
    const [one, two] = [openLetters(folder), openLetters(folder)];
    await one.append([put('a', 'x'), put('b', 'y'), { ...put('b', 'y'), drop: true }]);
    await two.append([put('b', 'z'), put('c', 'x')]);
    await one.compact();
    await one.append([put('d', 'x'), put('a', 'y')]);
    await two.compact();
    for (const journal of [one, two, openLetters(folder)]) {
      expect(['a', 'b', 'c', 'd', 'e'].map((letter) => first(journal, letter))).toEqual([
        'x',
        'z',
        'x',
        'x',
        undefined,
      ]);
      expect(journal.pointer('newest of x')).toEqual({ by: 'd' });
      expect(journal.pointer('newest of z')).toEqual({ by: 'b' });
      expect(journal.summary()).toEqual({ x: 3, y: 2, z: 1 });
      expect(await journal.append([put('c', 'late')])).toEqual([{ won: false, first: 'x' }]);
    }
    expect((await readdir(folder)).filter((name) => name.endsWith('.table'))).toHaveLength(1);
  }));

test('a segment that has grown is compacted by itself, and there are ever only a few files', () =>
  withFolder(async (folder) => {
    const journal = openLetters(folder, 2000);
    for (let i = 0; i < 2000; i += 1) {
      await journal.append([put(`l${i}`, 'x')]);
      if (i % 20 === 0) await journal.settled();
    }
    await journal.settled();
    expect((await readdir(folder)).length).toBeLessThan(12);
    const later = openLetters(folder);
    for (const i of [0, 1, 777, 1998, 1999]) expect(first(later, `l${i}`)).toBe('x');
    expect(later.summary()).toEqual({ x: 2000 });
  }));

test('cut off at any byte, the last entry is not there, and the next one is not harmed', () =>
  withFolder(async (folder) => {
    const journal = openLetters(folder);
    await journal.append([put('a', 'x')]);
    const path = join(folder, '00000001.log');
    const before = (await readFile(path)).length;
    await journal.append([put('b', 'y "\n" \u00fc')]);
    const whole = await readFile(path);
    for (let length = before; length <= whole.length; length += 1) {
      const cut = join(folder, `cut-${length}`);
      await mkdir(cut);
      await writeFile(join(cut, '00000001.log'), whole.subarray(0, length));
      const isWhole = length === whole.length;
      const reader = openLetters(cut);
      expect(first(reader, 'a')).toBe('x');
      expect(first(reader, 'b')).toBe(isWhole ? 'y "\n" \u00fc' : undefined);
      expect(await reader.append([put('b', 'z')])).toEqual([
        isWhole ? { won: false, first: 'y "\n" \u00fc' } : { won: true },
      ]);
      const later = openLetters(cut);
      expect(later.summary()).toEqual(reader.summary());
      expect(first(later, 'b')).toBe(isWhole ? 'y "\n" \u00fc' : 'z');
      await rm(cut, { recursive: true });
    }
  }));

test.each([
  ['zeros', '\0'.repeat(5000)],
  ['a line without an end', '\n00000000 12 ["x'],
  ['a line of another length', '\n00000000 3 ["x"]'],
  ['many newlines', '\n'.repeat(100)],
  ['text', 'not of ours'],
  ['a line that says it is long', `\n${'f'.repeat(8)} 99999999 []`],
])('a tail of %s is passed over', (_what, tail) =>
  withFolder(async (folder) => {
    const journal = openLetters(folder);
    await journal.append([put('a', 'x')]);
    await appendFile(join(folder, '00000001.log'), tail);
    const reader = openLetters(folder);
    expect(first(reader, 'a')).toBe('x');
    expect(await reader.append([put('b', 'x')])).toEqual([{ won: true }]);
    expect(await journal.append([put('b', 'y')])).toEqual([{ won: false, first: 'x' }]);
    await reader.compact();
    expect(openLetters(folder).summary()).toEqual({ x: 2 });
  }),
);

test('who slept over a seal, a compaction and the end of its segment appends to the next one', () =>
  withFolder(async (folder) => {
    const sleeper = openLetters(folder);
    await sleeper.append([put('a', 'x')]);
    const other = openLetters(folder);
    await other.append([put('b', 'y')]);
    for (let i = 0; i < 3; i += 1) {
      await other.compact();
      await other.append([put(`c${i}`, 'y')]);
    }
    expect(await readdir(folder)).not.toContain('00000001.log');
    expect(await sleeper.append([put('b', 'x'), put('d', 'x')])).toEqual([
      { won: false, first: 'y' },
      { won: true },
    ]);
    expect(first(openLetters(folder), 'd')).toBe('x');
    expect(openLetters(folder).summary()).toEqual({ x: 2, y: 4 });
  }));

test('an entry that lands behind a seal is void, and is written again where it counts', () =>
  withFolder(async (folder) => {
    const [one, two] = [openLetters(folder), openLetters(folder)];
    await one.append([put('a', 'x')]);
    await two.append([put('b', 'y')]);
    // The seal of another process, between this one's look and its write.
    const copy = join(folder, 'copy');
    await copyFile(join(folder, '00000001.log'), copy);
    await one.compact();
    expect(await two.append([put('c', 'y')])).toEqual([{ won: true }]);
    expect(openLetters(folder).summary()).toEqual({ x: 1, y: 2 });
  }));

test('a removed segment that somebody makes again by its name is never read', () =>
  withFolder(async (folder) => {
    const journal = openLetters(folder);
    await journal.append([put('a', 'x')]);
    await journal.compact();
    await writeFile(join(folder, '00000001.log'), '');
    const later = openLetters(folder);
    expect(await later.append([put('a', 'y'), put('b', 'y')])).toEqual([
      { won: false, first: 'x' },
      { won: true },
    ]);
    await later.compact();
    expect(await readdir(folder)).not.toContain('00000001.log');
    expect(openLetters(folder).summary()).toEqual({ x: 1, y: 1 });
  }));

test('a segment that lost its seal with the power is gone on with after what is covered', () =>
  withFolder(async (folder) => {
    const journal = openLetters(folder);
    await journal.append([put('a', 'x')]);
    await journal.compact();
    await journal.append([put('b', 'x')]);
    const path = join(folder, '00000002.log');
    await truncate(path, (await readFile(path)).length - 3);
    const later = openLetters(folder);
    expect(await later.append([put('b', 'y'), put('a', 'y')])).toEqual([
      { won: true },
      { won: false, first: 'x' },
    ]);
  }));

test('of many appends in one turn each has its own answer', () =>
  withFolder(async (folder) => {
    const journals = [openLetters(folder, 3000), openLetters(folder, 3000), openLetters(folder)];
    const told = await Promise.all(
      Array.from({ length: 600 }, (_, i) =>
        journals[i % 3]!.append([put(`l${i % 100}`, `w${i}`)], { sync: i % 50 === 0 }),
      ),
    );
    expect(told.flat().filter(({ won }) => won)).toHaveLength(100);
    await Promise.all(journals.map((journal) => journal.settled()));
    const later = openLetters(folder);
    expect(Object.values(later.summary()).reduce((a, b) => a + b)).toBe(100);
  }));
