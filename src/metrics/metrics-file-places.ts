/**
 * What the metrics files of one folder hold of whom. A collector that finds one series in two files drops both, with
 * all that the machine has to tell, so a job and profile is in one of them alone.
 */

import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { escaped } from './page.ts';

import type { Place } from '../store/folds/merge-by.ts';

type Runs = Pick<Place, 'job' | 'profile'>;

/** Where else a job and profile is, that should not be in this file then: the other file, by its name. */
export type Elsewhere = (place: Runs) => string | undefined;

const SERIES =
  /^pipeline_\w+\{(?:run_id="[^"]*",)?job="((?:[^"\\]|\\.)*)",profile="((?:[^"\\]|\\.)*)"/gm;

/** Looks at the other files beside `path`. Of two that have a job both, the one whose name comes first keeps it. */
export async function placesElsewhere(path: string): Promise<Elsewhere> {
  const [folder, own] = [dirname(path), basename(path)];
  const mine = await placesIn(path);
  const holders = new Map<string, string>();
  for (const name of (await readdir(folder)).sort()) {
    if (!name.endsWith('.prom') || name === own) continue;
    for (const place of await placesIn(join(folder, name))) {
      if ((!mine.has(place) || name < own) && !holders.has(place)) holders.set(place, name);
    }
  }
  return ({ job, profile }) => holders.get(keyOf(escaped(job), escaped(profile)));
}

async function placesIn(path: string): Promise<ReadonlySet<string>> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return new Set(
    [...text.matchAll(SERIES)].map(([, job = '', profile = '']) => keyOf(job, profile)),
  );
}

function keyOf(job: string, profile: string): string {
  return `${job}\n${profile}`;
}
