/**
 * Every small change to a rule turns its cases red, or is named with the reason why it changes nothing. Each tenth change
 * is tried; all of them by `npm run test:mutants`.
 */

import { availableParallelism } from 'node:os';

import { expect, test } from '@jest/globals';

import { makeReasons } from './equivalent-mutants.ts';
import { mutantsOf } from './mutants.ts';
import { CASES, failureOf, withRule } from './promtool.ts';
import { nameOf, readRules } from './rule-files.ts';

import type { Case } from './case.ts';
import type { Rule } from './rule-files.ts';

const ALL = process.env['BUILDER_MUTANTS'] === 'all';
const SHARE = ALL ? 1 : 10;

/** Cases of a rule; of a recorded value, those of the alerts that read it. */
function casesOf(rule: Rule): readonly Case[] {
  const readers = readRules().filter(({ expr }) => expr.includes(nameOf(rule)));
  const names = [rule, ...readers].map(nameOf);
  return CASES.filter(({ alert }) => names.includes(alert));
}

/** Works on jobs with every processor, in their order. */
async function inParallel<T>(jobs: readonly T[], work: (job: T) => Promise<void>): Promise<void> {
  const waiting = [...jobs];
  const serve = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await work(job);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, serve));
}

test('mutants of a rule turn its cases red, or are named as ones that change nothing', async () => {
  const reasons = makeReasons();
  const mutants = readRules()
    .flatMap((rule) => mutantsOf(rule).map((mutant) => ({ original: rule, ...mutant })))
    .filter((_, index) => index % SHARE === 0);
  process.stderr.write(`${mutants.length} mutants\n`);
  const survivors: string[] = [];
  await inParallel(mutants, async ({ original, what, rule }) => {
    if (reasons.reasonFor(nameOf(rule), what) !== undefined) return;
    if ((await failureOf(casesOf(original), withRule(rule))) !== undefined) return;
    survivors.push(`${nameOf(rule)}: ${what}`);
  });
  expect(survivors.toSorted()).toEqual([]);
  if (ALL) expect(reasons.unused()).toEqual([]);
}, 1_800_000);
