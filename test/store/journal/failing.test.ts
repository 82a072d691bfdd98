import { expect, jest, test } from '@jest/globals';
import fc from 'fast-check';

import { dyingFs, dyingPromises, failAt, hasFailed, revive } from './dying-files.ts';

import type * as FixturesModule from '../fixtures.ts';
import type * as LettersModule from './letters.ts';
import type { Letter, Letters } from './letters.ts';

jest.unstable_mockModule('node:fs', () => dyingFs);
jest.unstable_mockModule('node:fs/promises', () => dyingPromises);
// Whatever imports the journal must be imported after this.
const { withFolder }: typeof FixturesModule = await import('../fixtures.ts');
const { makeModel, openLetters }: typeof LettersModule = await import('./letters.ts');

/** BUILDER_JOURNAL_HISTORIES=1000 tries as many as it was once measured with. */
const RUNS = Number(process.env['BUILDER_JOURNAL_HISTORIES'] ?? 150);
jest.setTimeout(60_000 + RUNS * 500);

const who = fc.nat(2);
const letter = fc.constantFrom(...Array.from('abcdefgh'));
const steps = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('append' as const), who, letter }) },
  fc.record({ do: fc.constant('compact' as const), who }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('append' as const, 'compact' as const),
      who,
      letter,
      fails: fc.record({
        how: fc.constantFrom('ENOSPC' as const, 'EIO' as const, 'short' as const),
        // An append makes few calls, a compaction many.
        calls: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 30 })),
        bytes: fc.oneof(fc.nat(60), fc.constant(100_000)),
      }),
    }),
  },
);

test('for any history in which the disk refuses, cuts short or does not keep a change, all processes agree with a plain list', async () => {
  let faults = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 60 }), (history) =>
      withFolder(async (folder) => {
        const model = makeModel();
        const open = (): Letters => openLetters(folder, 600);
        const journals = [open(), open(), open()];
        for (const [n, step] of history.entries()) {
          const journal = journals[step.who]!;
          if ('fails' in step) failAt(step.fails.calls, step.fails.bytes, step.fails.how);
          if (step.do === 'compact') await journal.compact().catch(() => undefined);
          else {
            const entry: Letter = { letter: step.letter, by: `${n}` };
            const told = await journal
              .append([entry], { sync: 'fails' in step })
              .catch(() => undefined);
            await journal.settled();
            if ('fails' in step && hasFailed()) faults += 1;
            revive();
            // What was refused may have become an entry or not; what was told of is one.
            const isThere = journal.state(`letter ${step.letter}`)?.by === entry.by;
            if (told !== undefined || isThere) {
              const verdict = model.append(entry);
              if (told !== undefined) expect(told).toEqual([verdict]);
            }
          }
          revive();
          expect(journal.state(`letter a`)?.by).toBe(model.first('a'));
        }
        for (const journal of [...journals, open()]) {
          expect(journal.summary()).toEqual(model.counts());
          for (const one of 'abcdefgh') {
            expect(journal.state(`letter ${one}`)?.by).toBe(model.first(one));
          }
          journal.close();
        }
      }),
    ),
    { numRuns: RUNS },
  );
  expect(faults).toBeGreaterThan(RUNS / 2);
});

test('a line in the middle that is none of ours is passed over, and what stands behind it counts', () =>
  withFolder(async (folder) => {
    const journal = openLetters(folder);
    await journal.append([{ letter: 'a', by: 'x' }]);
    const { appendFile, readdir } = await import('node:fs/promises');
    const [name = ''] = (await readdir(folder)).filter((one) => one.endsWith('.log'));
    for (const line of [
      'hello\n',
      '\n{"type":"seal"}\n',
      '\u0000\u0001\uffff',
      '12345678 {"letter":"b"}\n',
    ]) {
      await appendFile(`${folder}/${name}`, line);
    }
    await journal.append([{ letter: 'b', by: 'y' }]);
    for (const one of [journal, openLetters(folder)]) {
      expect(one.summary()).toEqual({ x: 1, y: 1 });
      await one.compact();
      expect(one.state('letter b')?.by).toBe('y');
      one.close();
    }
  }));
