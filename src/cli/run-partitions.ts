/** Several partitions in one command: a run each, one after another; one that fails does not stop the others. */

import { join } from 'node:path';

import { UserError } from '../index.ts';
import { makePaint } from './render/paint.ts';
import { report } from './report.ts';
import { withRuns } from './run-command.ts';

import type { Io } from './io.ts';
import type { Commanded, RunCommand } from './run-command.ts';

type Made = { readonly partition: string; readonly exit_code: number; readonly result: unknown };

/** Makes each partition, and says at the end what became of each. Answers the worst exit code. @throws UserError */
export async function runPartitions(
  about: Commanded,
  out: string,
  chosen: readonly { readonly partition: string; readonly work: RunCommand['work'] }[],
): Promise<number> {
  const { io, settings } = about;
  const made: Made[] = [];
  await withRuns(about, async (show, isLeaving) => {
    for (const { partition, work } of chosen) {
      // A signal may come while nothing is left of a run but the wait for its last scrape.
      if (isLeaving()) break;
      // The values of the last one are what a scraper wants.
      const rest = partition === chosen.at(-1)?.partition ? {} : { linger: 0 };
      const one = await makeOne(partition, about, (own) =>
        show({ shownOut: join(out, partition), work }, { io: own, ...rest }),
      );
      made.push(one);
      // Interrupted, or without an engine: the next would end the same way.
      if (one.exit_code === 130 || one.exit_code === 3) break;
    }
  });
  const left = chosen.length - made.length;
  const code = worst([...made.map(({ exit_code }) => exit_code), left > 0 ? 130 : 0]);
  if (settings.json) {
    io.out(JSON.stringify({ partitions: made, not_started: left, exit_code: code }, null, 2));
  }
  say(made, left, io);
  return code;
}

async function makeOne(
  partition: string,
  { io, settings }: Commanded,
  run: (own: Io) => Promise<number>,
): Promise<Made> {
  let result: unknown = null;
  const own: Io = {
    ...io,
    // One document for all: each run's goes into it.
    out: (text) => {
      if (settings.json) result = JSON.parse(text);
      else io.out(text);
    },
  };
  try {
    return { partition, exit_code: await run(own), result };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const exitCode = report(error, { json: settings.json, verbose: settings.verbose }, own);
    return { partition, exit_code: exitCode, result };
  }
}

/** What a run ended with is told first; then that it was left; what went wrong alone comes last. */
function worst(codes: readonly number[]): number {
  return [3, 130, 1, 2, 4].find((code) => codes.includes(code)) ?? 0;
}

function say(made: readonly Made[], left: number, io: Io): void {
  const paint = makePaint(io.color);
  if (made.length === 0 && left === 0) {
    io.say('nothing to make: every partition that is over is delivered');
    return;
  }
  const width = Math.max(...made.map(({ partition }) => partition.length));
  io.say('');
  for (const { partition, exit_code: code } of made) {
    io.say(`  ${partition.padEnd(width)}  ${code === 0 ? paint.status('OK') : WORDS[code]}`);
  }
  const good = made.filter(({ exit_code }) => exit_code === 0).length;
  const rest = left === 0 ? '' : `, ${left} not started`;
  io.say(`${good} of ${made.length} partitions made${rest}`);
}

const WORDS: Readonly<Record<number, string>> = Object.freeze({
  1: 'FAIL',
  2: 'REFUSED',
  3: 'NO ENGINE',
  4: 'CHECK FAILED',
  130: 'LEFT',
});
