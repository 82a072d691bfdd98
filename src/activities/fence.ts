/**
 * Ends commands that outlived their worker. Usually the watcher in the group has done so already
 * (`run-process.ts`); this is for the case that it was killed as well.
 *
 * 1. `<attemptsRoot>/<run id>/<attempt>` is the folder of an attempt, `<attempt>.pid` beside it the record of its group.
 * 2. Nothing is killed that is not known to be ours: its worker is known to be dead here, same boot, same pid namespace,
 *    same start time, or the run's own mark.
 * 3. Nothing is removed but a record of ours whose group is empty, and the attempt folder it belongs to.
 */

import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { z } from 'zod';

import { fileNameOf } from '../model/nested.ts';
import { bornOf } from '../os/born.ts';
import { ownOwner, stateOf } from '../os/owner.ts';
import { groupEmpties, groupMembers, signalGroup, variableOf } from '../os/process-group.ts';

import type { OldOwner } from '../os/owner.ts';
import type { Fence } from '../kinds/contract.ts';

const identity = z.strictObject({ pid: z.int().min(2), born: z.string() });
const recordSchema = z.strictObject({
  what: z.literal('process group of an exec.command attempt'),
  host: z.string(),
  boot: z.string(),
  /** Absent in a record of an earlier version. */
  pidns: z.string().optional(),
  worker: identity,
  group: identity,
  run: z.string(),
  step: z.string(),
});

type GroupRecord = z.infer<typeof recordSchema>;

/** A group that was ended, for a line in a log. */
export type Fenced = { readonly run: string; readonly step: string; readonly pid: number };

const RECORD_NAME = /^[a-z][a-z0-9_]{0,62}\.[0-9-]+\.pid$/;
const GONE_WITHIN_MS = 5_000;

/** Writes the record of a group that was just started. Answers how to remove it once the group is empty. */
export function recordGroup(
  group: number,
  { folder, run, step }: { readonly folder: string; readonly run: string; readonly step: string },
): () => void {
  const { host, boot, pidns, pid, born } = ownOwner();
  const record: GroupRecord = {
    what: 'process group of an exec.command attempt',
    host,
    boot,
    pidns,
    worker: { pid, born },
    group: { pid: group, born: bornOf(group) ?? 'unknown' },
    run,
    step,
  };
  const path = `${folder}.pid`;
  writeFileSync(`${path}.new`, `${JSON.stringify(record)}\n`);
  renameSync(`${path}.new`, path);
  return () => rmSync(path, { force: true });
}

/** The fence of one attempt: `folder` is the attempt's own. */
export function makeFence(attempt: {
  readonly folder: () => string;
  readonly attemptsRoot: string;
  readonly run: string;
  readonly step: string;
}): Fence {
  const { attemptsRoot, run, step } = attempt;
  return {
    endLeftovers: () => fenceLeftovers(attemptsRoot),
    record: (group) => recordGroup(group, { folder: attempt.folder(), run, step }),
  };
}

/**
 * Kills every recorded group below `attemptsRoot` whose worker is dead, waits until it is gone, and
 * removes its attempt folder. Cheap where there is none, and safe to call from several processes.
 */
export async function fenceLeftovers(attemptsRoot: string): Promise<readonly Fenced[]> {
  const fenced: Fenced[] = [];
  for (const path of recordPaths(attemptsRoot)) {
    const record = readRecord(path);
    if (record === undefined || record.host !== ownOwner().host) continue;
    if (stateOf(workerOf(record)) !== 'dead') continue;
    const { run, step, group } = record;
    if (isOurs(record)) {
      signalGroup(group.pid, 'SIGKILL');
      if (!(await groupEmpties(group.pid, GONE_WITHIN_MS))) continue;
      fenced.push({ run, step, pid: group.pid });
    }
    await rm(path.slice(0, -'.pid'.length), { recursive: true, force: true });
    await rm(path, { force: true });
  }
  return fenced;
}

/** True if the group of that number is still the recorded one, and somebody is in it. */
function isOurs({ boot, pidns, group, run, step }: GroupRecord): boolean {
  const members = groupMembers(group.pid);
  const here = ownOwner();
  if (boot !== here.boot || (pidns ?? here.pidns) !== here.pidns) return false;
  if (members.length === 0) return false;
  const leader = bornOf(group.pid);
  if (leader !== undefined) return leader === group.born;
  return members.every(
    (pid) => variableOf(pid, 'BUILDER_RUN_ID') === run && variableOf(pid, 'BUILDER_STEP') === step,
  );
}

/** A record of an earlier version was left on this host; its pids were those of this host, too. */
function workerOf({ host, boot, pidns, worker }: GroupRecord): OldOwner {
  return { host, boot, pidns: pidns ?? ownOwner().pidns, ...worker };
}

function recordPaths(attemptsRoot: string): readonly string[] {
  return namesIn(attemptsRoot).flatMap((run) =>
    namesIn(join(attemptsRoot, run))
      .filter((name) => RECORD_NAME.test(name))
      .map((name) => join(attemptsRoot, run, name)),
  );
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Undefined for what is not a record of ours, and for one that somebody else has just removed. */
function readRecord(path: string): GroupRecord | undefined {
  try {
    const record = recordSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
    return record !== undefined && basename(path).startsWith(`${fileNameOf(record.step)}.`)
      ? record
      : undefined;
  } catch {
    return undefined;
  }
}
