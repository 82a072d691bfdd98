import { expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { dieAt, dyingFs, dyingPromises, isDead, revive } from './dying-files.ts';

import type * as LedgerModule from '../../../src/store/journal/ledger.ts';
import type * as FixturesModule from '../fixtures.ts';
import type * as LettersModule from './letters.ts';
import type { Letters } from './letters.ts';

jest.unstable_mockModule('node:fs', () => dyingFs);
jest.unstable_mockModule('node:fs/promises', () => dyingPromises);
// Whatever imports the journal must be imported after this.
const { withFolder }: typeof FixturesModule = await import('../fixtures.ts');
const { makeModel, openLetters }: typeof LettersModule = await import('./letters.ts');
const { readLedger }: typeof LedgerModule = await import('../../../src/store/journal/ledger.ts');

/** BUILDER_JOURNAL_HISTORIES=1000 tries as many as it was once measured with. */
const RUNS = Number(process.env['BUILDER_JOURNAL_HISTORIES'] ?? 150);
jest.setTimeout(60_000 + RUNS * 500);

/** A compaction makes more: so many kills there were. */
const FEWEST_CHANGES = 8;

test.each([0, 1, 40, 1_000_000])(
  'killed at any change that a compaction makes, after %d bytes of a write: all there, none twice',
  async (bytes) => {
    let calls = 1;
    for (let isOver = false; !isOver; calls += 1) {
      await withFolder(async (folder) => {
        const before = openLetters(folder);
        for (const letter of ['a', 'b']) await before.append([{ letter, by: 'x' }]);
        await before.compact();
        for (const letter of ['c', 'd', 'e']) await before.append([{ letter, by: 'y' }]);
        const dying = openLetters(folder);
        dying.summary();
        dieAt(calls, bytes);
        await dying.compact().catch(() => undefined);
        isOver = !isDead();
        revive();
        for (const after of [openLetters(folder), openLetters(folder)]) {
          expect(after.summary()).toEqual({ x: 2, y: 3 });
          expect(after.state('letter a')).toEqual({ by: 'x' });
          expect(await after.append([{ letter: 'd', by: 'z' }])).toEqual([
            { won: false, first: 'y' },
          ]);
          await after.compact();
        }
        const { tables } = readLedger(folder);
        expect((await readdir(folder)).toSorted()).toEqual([...tables, 'tables'].toSorted());
      });
      expect(calls).toBeLessThan(100);
    }
    expect(calls).toBeGreaterThan(FEWEST_CHANGES);
  },
);

type Step =
  | { readonly do: 'append'; readonly who: number; readonly letter: string; readonly drop: boolean }
  | { readonly do: 'compact'; readonly who: number }
  | { readonly do: 'reopen'; readonly who: number }
  | { readonly do: 'tail'; readonly bytes: string }
  | {
      readonly do: 'die';
      readonly who: number;
      readonly letter: string;
      readonly calls: number;
      readonly bytes: number;
      readonly compacts: boolean;
    };

const who = fc.nat(2);
const letter = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('append' as const), who, letter, drop: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('compact' as const), who }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('tail' as const),
      bytes: fc.constantFrom('\n', '\nabc', '\0\0\0', '\n00000000 5 ["a"', 'x\ny'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('die' as const),
      who,
      letter,
      calls: fc.integer({ min: 1, max: 20 }),
      bytes: fc.nat(80),
      compacts: fc.boolean(),
    }),
  },
);

test('for any history of appends, kills, compactions and resumes all agree with a plain list', async () => {
  let deaths = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 60 }), (history) =>
      withFolder(async (folder) => {
        const model = makeModel();
        const open = (): Letters => openLetters(folder, 600);
        const journals = [open(), open(), open()];
        const renew = (i: number): void => {
          journals[i]?.close();
          journals[i] = open();
        };
        for (const [n, step] of history.entries()) {
          if (step.do === 'tail') {
            const last = (await readdir(folder)).filter((name) => name.endsWith('.log')).toSorted();
            if (last.length > 0) await appendFile(join(folder, last.at(-1)!), step.bytes);
            continue;
          }
          const journal = journals[step.who]!;
          if (step.do === 'append') {
            const entry = { letter: step.letter, by: `p${step.who}` };
            const asked = step.drop ? { ...entry, drop: true as const } : entry;
            expect(await journal.append([asked])).toEqual([model.append(asked)]);
            await journal.settled();
          } else if (step.do === 'compact') await journal.compact();
          else if (step.do === 'reopen') renew(step.who);
          else {
            // What it was about to write may have become an entry or not; what it told of is one.
            const entry = { letter: step.letter, by: `dying ${n}` };
            dieAt(step.calls, step.bytes);
            const told = await journal.append([entry]).catch(() => undefined);
            await journal.settled();
            if (step.compacts) await journal.compact().catch(() => undefined);
            if (isDead()) deaths += 1;
            revive();
            renew(step.who);
            const isThere = journals[step.who]!.state(`letter ${step.letter}`)?.by === entry.by;
            if (told !== undefined || isThere) {
              const verdict = model.append(entry);
              if (told !== undefined) expect(told).toEqual([verdict]);
            }
          }
        }
        for (const journal of [...journals, open()]) {
          expect(journal.summary()).toEqual(model.counts());
          for (const one of 'abcdefgh') {
            expect(journal.state(`letter ${one}`)?.by).toBe(model.first(one));
          }
          for (const by of ['p0', 'p1', 'p2']) {
            expect(journal.pointer(`newest of ${by}`)?.by).toBe(model.newest(by));
          }
        }
        for (const journal of journals) journal.close();
      }),
    ),
    { numRuns: RUNS },
  );
  expect(deaths).toBeGreaterThan(RUNS / 2);
});
