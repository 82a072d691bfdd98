/** Every small change to a rule turns the promtool suite red, or is named with the reason why it changes nothing. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { makeReasons } from './equivalent-mutants.ts';
import { mutantsOf } from './mutants.ts';
import { nameOf, readGroups, writeCase } from './rule-files.ts';
import { load, partFor, readRuleTests } from './rule-tests.ts';
import { prometheusTools } from './servers.ts';

import type { Rule } from './rule-files.ts';

const GROUPS = readGroups();
const RULES = GROUPS.flatMap((group) => group.rules);
const FILES = readRuleTests().map((file) => load(file, GROUPS));

let folder = '';
let promtool = '';
beforeAll(async () => {
  ({ promtool } = await prometheusTools());
  folder = await mkdtemp(join(tmpdir(), 'builder-mutants-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What promtool says about a suite that turned red; undefined while it is green. */
async function red(rule: Rule, id: string): Promise<string | undefined> {
  // The test with the fewest rules first: it is the one about this rule, and the quickest.
  const parts = FILES.map((file) => partFor(nameOf(rule), file))
    .filter((part) => part !== undefined)
    .toSorted((a, b) => a.size - b.size);
  for (const [index, part] of parts.entries()) {
    const groups = part.groups.map((group) => ({
      ...group,
      rules: group.rules.map((other) => (nameOf(other) === nameOf(rule) ? rule : other)),
    }));
    const path = writeCase(join(folder, id, String(index)), groups, part.file);
    const said = await failureOf(path);
    if (said?.includes('could not parse')) throw new Error(`${nameOf(rule)}: ${said}`);
    if (said !== undefined) return said;
  }
  return undefined;
}

function failureOf(path: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile(promtool, ['test', 'rules', path], (error, stdout, stderr) => {
      if (error === null) resolve(undefined);
      else if (typeof error.code !== 'number') reject(error);
      else resolve(stdout + stderr);
    });
  });
}

/** Runs jobs on every processor, in order of need. */
async function inParallel<T>(jobs: readonly T[], work: (job: T) => Promise<void>): Promise<void> {
  const waiting = [...jobs];
  const serve = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await work(job);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, serve));
}

test('every rule is tested by some file, whose part for it is green', async () => {
  const untested = RULES.map(nameOf).filter(
    (name) => !FILES.some((file) => partFor(name, file) !== undefined),
  );
  expect(untested).toEqual([]);
  const failures: string[] = [];
  await inParallel([...RULES.entries()], async ([index, rule]) => {
    const said = await red(rule, `green-${index}`);
    if (said !== undefined) failures.push(`${nameOf(rule)}: ${said}`);
  });
  expect(failures).toEqual([]);
});

test('every mutant of a rule turns the suite red, or is named as one that changes nothing', async () => {
  const reasons = makeReasons();
  const mutants = RULES.flatMap((rule) =>
    mutantsOf(rule).map((mutant) => ({ of: nameOf(rule), ...mutant })),
  );
  process.stderr.write(`${mutants.length} mutants of ${RULES.length} rules\n`);
  const survivors: string[] = [];
  await inParallel([...mutants.entries()], async ([index, { of, what, rule }]) => {
    if (reasons.reasonFor(of, what) !== undefined) return;
    if ((await red(rule, `mutant-${index}`)) !== undefined) return;
    survivors.push(`${of}: ${what}`);
    process.stderr.write(`survived: ${of}: ${what}\n`);
  });
  expect(survivors.toSorted()).toEqual([]);
  expect(reasons.unused()).toEqual([]);
}, 1_800_000);
