/** The schedules that the job files of a project declare. A file that cannot be read leaves its schedule as it is. */

import { dirname, join, relative, resolve } from 'node:path';

import { z } from 'zod';

import { checkPartition } from '../../definition/check-partition.ts';
import { checkSchedule } from '../../definition/check-schedule.ts';
import { sorted } from '../../definition/check.ts';
import { jobSchema } from '../../definition/job.ts';
import { child, settled, textOf } from '../../definition/located.ts';
import { shapeOf } from '../../definition/shape-problems.ts';
import { sourceOf } from '../../definition/source.ts';
import { readDefinitionFile } from '../definitions/read-definition-file.ts';

import type { Place } from '../../definition/located.ts';
import type { DefinitionFile } from '../../definition/source.ts';
import type { Problem } from '../../model/errors.ts';
import type { Schedule } from '../../model/schedule.ts';

/** A schedule as a job file declares it, with all its places. Plain JSON. */
export type Declared = {
  readonly job: string;
  /** Absolute. */
  readonly jobPath: string;
  /** Folder that receives what its runs make, absolute. */
  readonly out: string;
  readonly schedule: Schedule;
};

export type DeclaredSchedules = {
  /** By the name of the job. */
  readonly declared: readonly Declared[];
  /** Absolute paths of the files whose schedules are not known now. */
  readonly broken: readonly string[];
  readonly problems: readonly Problem[];
  /** What is right, and may surprise: with the path of its file. */
  readonly remarks: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
};

/** What is looked at of a job; the rest is checked when a run is made, and fails that run. */
const looked = z.looseObject(jobSchema.pick({ job: true, partition: true, schedule: true }).shape);

/** Reads the job files, whose paths are absolute. Never throws for anything they may hold. */
export async function readSchedules(
  files: readonly string[],
  { root, cwd, nowMs }: { readonly root: string; readonly cwd: string; readonly nowMs: number },
): Promise<DeclaredSchedules> {
  const found = new Map<string, { readonly declared: Declared; readonly at: Place }>();
  const broken: string[] = [];
  const problems: Problem[] = [];
  const remarks: string[] = [];
  const texts = new Map<string, string>();
  for (const path of files) {
    const shown = shownFrom(cwd, path);
    const file = await readDefinitionFile(path, shown);
    // One that went away meanwhile declares nothing.
    if (file === undefined) continue;
    texts.set(file.path, file.text);
    const read = scheduleIn(file, path, { root, nowMs });
    problems.push(...read.problems);
    if (read.problems.length > 0) broken.push(path);
    else if (read.declared !== undefined) {
      const other = found.get(read.declared.job);
      if (other === undefined) found.set(read.declared.job, { ...read, declared: read.declared });
      else {
        const message = `job: '${read.declared.job}' has a schedule in ${other.at.file}, too; a name is one job's`;
        problems.push({ code: 'BAD_VALUE', ...read.at, message });
        broken.push(path);
      }
      remarks.push(...read.remarks.map((remark) => `${shown}: schedule.cron: ${remark}`));
    }
  }
  return {
    declared: [...found.values()]
      .map(({ declared }) => declared)
      .toSorted((a, b) => (a.job < b.job ? -1 : 1)),
    broken,
    problems: sorted(problems),
    remarks,
    texts,
  };
}

function scheduleIn(
  file: DefinitionFile,
  path: string,
  { root, nowMs }: { readonly root: string; readonly nowMs: number },
): {
  readonly declared?: Declared;
  readonly at: Place;
  readonly problems: readonly Problem[];
  readonly remarks: readonly string[];
} {
  const source = sourceOf(file);
  const problems: Problem[] = [...source.problems];
  const whole = source.root === undefined ? undefined : settled(source.root, problems);
  const map = whole?.kind === 'map' ? whole : undefined;
  const at = (child(map, 'job') ?? whole)?.at ?? { file: file.path, line: 1, column: 1 };
  if (map === undefined || child(map, 'schedule') === undefined) {
    // A file that is nothing yet may have had one.
    return { at, problems: map === undefined ? problems : source.problems, remarks: [] };
  }
  const shape = shapeOf(looked, map, { what: '' });
  const cut = checkPartition(map, { atMs: nowMs }, undefined);
  const { schedule, problems: wrong, remarks } = checkSchedule(map, cut);
  problems.push(...shape.problems, ...cut.problems, ...wrong);
  const job = textOf(child(map, 'job'));
  if (problems.length > 0 || schedule === undefined || job === undefined) {
    return { at, problems, remarks };
  }
  const { out } = schedule;
  return {
    declared: {
      job,
      jobPath: path,
      out: out === undefined ? join(root, 'out', job) : resolve(dirname(path), out),
      schedule,
    },
    at,
    problems,
    remarks,
  };
}

function shownFrom(cwd: string, path: string): string {
  const short = relative(cwd, path);
  return short.startsWith('..') ? path : short;
}
