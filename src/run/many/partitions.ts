/** The partitions of a job as they are: which there are, what was made of each, and what would come out differently now. */

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { shortOf } from '../../model/run-record.ts';
import { checkPartition } from '../../definition/check-partition.ts';
import { sourceOf } from '../../definition/source.ts';
import { inspectOut, partitionsIn, previousResults, resolveOut } from '../../delivery/deliver.ts';
import { UserError } from '../../model/errors.ts';
import {
  endedPartitions,
  findPartition,
  latestPartition,
  previousPartition,
} from '../../model/partition.ts';
import { NEVER_REUSED } from '../one/explain.ts';
import { readDefinitionFile } from '../definitions/read-definition-file.ts';

import type { CheckedPartition } from '../../definition/check-partition.ts';
import type { DeliveredPartition } from '../../delivery/folder/inspect-out.ts';
import type { Partition, Partitioning } from '../../model/partition.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { DefinitionRequest } from '../definitions/definition-source.ts';
import type { Explanation, ExplainRequest } from '../one/explain.ts';
import type { ProjectOptions } from '../project-options.ts';

export type PartitionsRequest = DefinitionRequest & {
  /** Folder that holds the partitions. */
  readonly out: string;
};

/** One row of the matrix. */
export type PartitionRow = Partition & {
  /** The newest run that made it, or is at it. */
  readonly run?: Pick<RunRecord, 'run_id' | 'status' | 'state' | 'started_at' | 'finished_at'>;
  /** What lies there. */
  readonly delivered?: DeliveredPartition;
  /**
   * True: a run now would not find all of it made; `why` says what changed first. `unknown`: a step is never reused.
   * Absent: not looked at, or not there.
   */
  readonly stale?: boolean | 'unknown';
  readonly why?: string;
};

export type PartitionMatrix = { readonly rows: readonly PartitionRow[] };

/** How the job of a request is cut, and what today is there; undefined if it is not cut, or cannot be read. */
export async function readCut(
  request: DefinitionRequest,
  { cwd = process.cwd() }: Pick<ProjectOptions, 'cwd'>,
  atMs: number = Date.now(),
): Promise<CheckedPartition | undefined> {
  const file = await jobOf(request, cwd);
  const root = file === undefined ? undefined : sourceOf(file).root;
  if (root?.kind !== 'map') return undefined;
  const cut = checkPartition(root, { atMs }, undefined);
  return cut.partitioning === undefined ? undefined : cut;
}

async function jobOf(
  request: DefinitionRequest,
  cwd: string,
): Promise<{ readonly path: string; readonly text: string } | undefined> {
  if (request.definition === undefined) {
    return readDefinitionFile(resolve(cwd, request.job), request.job);
  }
  const { definition } = request;
  if (typeof definition === 'function' || !('job' in definition)) return undefined;
  return typeof definition.job === 'object'
    ? { path: 'job', text: JSON.stringify(definition.job) }
    : undefined;
}

/**
 * The ids that words mean: ids, `latest`, `previous`, `all` for all that are over, and `missing` for those of them that
 * are not delivered. In the job's order, each once; the latest where no word is given. None for a list without a word,
 * and for a job that is not cut.
 * @throws UserError BAD_PARTITION
 */
export async function choosePartitions(
  request: PartitionsRequest,
  words: readonly string[],
  /** `atMs`: the moment that words are meant at; default: now. */
  options: Pick<ProjectOptions, 'cwd'> & { readonly atMs?: number },
): Promise<readonly string[]> {
  const cut = await readCut(request, options, options.atMs);
  // What is wrong with the job is told in full where it is read as a whole.
  if (cut?.partitioning === undefined) return words.slice(0, 1);
  const { partitioning: how, today } = cut;
  const chosen = new Set<string>();
  const wanted = words.length === 0 && how.by !== 'list' ? ['latest'] : words;
  for (const word of wanted) {
    if (word === 'all') {
      for (const { id } of endedPartitions(how, today)) chosen.add(id);
    } else if (word === 'missing') {
      const base = await resolveOut(resolve(options.cwd ?? process.cwd(), request.out));
      const there = new Set((await partitionsIn(base)).map(({ id }) => id));
      for (const { id } of endedPartitions(how, today)) if (!there.has(id)) chosen.add(id);
    } else {
      chosen.add(idOf(how, word, today));
    }
  }
  return inOrder(how, chosen);
}

function idOf(how: Partitioning, word: string, today: string): string {
  if (word === 'latest') {
    const latest = latestPartition(how, today);
    if (latest !== undefined) return latest.id;
    const why = how.by === 'list' ? 'a list has no latest one' : 'none is over yet';
    throw new UserError('BAD_PARTITION', `--partition latest: ${why}`);
  }
  if (word === 'previous') {
    const previous = previousPartition(how, today);
    if (previous !== undefined) return previous.id;
    const why = how.by === 'list' ? 'a list has no previous one' : 'at most one is over';
    throw new UserError('BAD_PARTITION', `--partition previous: ${why}`);
  }
  const found = findPartition(how, word, today);
  if (!('wrong' in found)) return found.id;
  throw new UserError('BAD_PARTITION', `the job has no partition '${word}': ${found.wrong}`);
}

/** Ids of a calendar sort by name; those of a list as they are listed. */
function inOrder(how: Partitioning, ids: ReadonlySet<string>): readonly string[] {
  return how.by === 'list' ? how.ids.filter((id) => ids.has(id)) : [...ids].toSorted();
}

/**
 * What there is of each partition: of those that are over, and of others that were made.
 * @throws UserError BAD_PARTITION for a job that is not cut
 */
export async function partitionMatrix(
  request: PartitionsRequest,
  how: {
    readonly options: Pick<ProjectOptions, 'cwd'>;
    readonly runs: (base: string) => Promise<readonly RunRecord[]>;
    /** Absent: what is stale is not looked at. */
    readonly explain?: (request: ExplainRequest) => Promise<Explanation>;
    /** Ids; absent: all. */
    readonly only?: ReadonlySet<string>;
  },
): Promise<PartitionMatrix> {
  const cut = await readCut(request, how.options);
  if (cut?.partitioning === undefined) {
    throw new UserError(
      'BAD_PARTITION',
      "the job has no key 'partition', so it is made as a whole",
    );
  }
  const { partitioning, today } = cut;
  const base = await resolveOut(resolve(how.options.cwd ?? process.cwd(), request.out));
  const delivered = new Map((await partitionsIn(base)).map((one) => [one.id, one]));
  const newest = new Map<string, RunRecord>();
  for (const record of await how.runs(base)) {
    if (record.partition !== undefined && !newest.has(record.partition)) {
      newest.set(record.partition, record);
    }
  }
  const known = new Map(endedPartitions(partitioning, today).map((one) => [one.id, one]));
  for (const id of [...delivered.keys(), ...newest.keys()]) {
    const found = findPartition(partitioning, id, today);
    if (!known.has(id)) known.set(id, 'wrong' in found ? { id } : found);
  }
  const ids = [...known.keys()].filter((id) => how.only?.has(id) !== false);
  const order = partitioning.by === 'list' ? ids : ids.toSorted();
  const rows: PartitionRow[] = [];
  for (const id of order) {
    const record = newest.get(id);
    const there = delivered.get(id);
    rows.push({
      ...known.get(id)!,
      ...(record === undefined ? {} : { run: shortOf(record) }),
      ...(there === undefined ? {} : { delivered: there }),
      ...(there === undefined || how.explain === undefined
        ? {}
        : await staleness({ ...request, partition: id }, join(base, id), how.explain)),
    });
  }
  return { rows };
}

/** Whether a run would find everything made, and deliver what lies there. */
async function staleness(
  request: ExplainRequest,
  folder: string,
  explain: (request: ExplainRequest) => Promise<Explanation>,
): Promise<Pick<PartitionRow, 'stale' | 'why'>> {
  try {
    const { steps, plan } = await explain(request);
    const changed = steps.filter(({ verdict }) => verdict === 'run' || verdict === 'fail');
    const [first] = changed.filter(({ changes }) => changes[0] !== NEVER_REUSED);
    if (first !== undefined) {
      return { stale: true, why: `${first.step.id}: ${first.changes[0] ?? first.verdict}` };
    }
    // The store may have it all and the folder not: made for another folder, or never delivered.
    const there = await previousResults(folder, plan);
    const other = steps.find(
      ({ step, fingerprint }) => fingerprint !== undefined && there?.[step.id] !== fingerprint,
    );
    if (other !== undefined) {
      return { stale: true, why: `${other.step.id}: another result was delivered` };
    }
    const [never] = changed;
    if (never !== undefined) return { stale: 'unknown', why: `${never.step.id}: ${NEVER_REUSED}` };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { stale: true, why: error.problems[0]?.message ?? error.message };
  }
  return (await isWhole(folder)) ? { stale: false } : { stale: true, why: 'a file of it is gone' };
}

/** True if every file that its manifest names lies there, as long as it says. */
async function isWhole(folder: string): Promise<boolean> {
  const found = await inspectOut(folder);
  if (found.state !== 'ours') return false;
  for (const { path, bytes } of found.manifest.files) {
    const info = await stat(join(folder, path)).catch(() => undefined);
    if (info?.size !== bytes) return false;
  }
  return true;
}
