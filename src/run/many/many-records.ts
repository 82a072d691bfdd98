/**
 * What is on record of backfills and of batches: a folder each in the state folder. It holds what was asked for and which
 * runs that was, from before the first one; what became of them is told by their records, and by notes where there are none.
 */

import { appendFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { labelOf, orderOf } from '../../model/standing-order.ts';
import { replaceFile } from '../../os/atomic.ts';
import { isOwn, stateOf } from '../../os/owner.ts';

import type { Choice } from '../../model/backfill.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { RunOrder, StandingOrder } from '../../model/standing-order.ts';
import type { Owner, OwnerState } from '../../os/owner.ts';

/** Paths are absolute, times ISO 8601 in UTC. */
type Common = {
  readonly format: 1;
  /** As it was given. */
  readonly given_profile?: string;
  readonly given_params: readonly string[];
  readonly at_most: number;
  readonly asked_at: string;
  readonly state: 'open' | 'closed';
  /** How it ended; absent while it is open. */
  readonly ended?: 'DONE' | 'CANCELLED';
  readonly finished_at?: string;
  readonly paused?: boolean;
  /** The process that drives it, or did. */
  readonly driver?: Owner;
  readonly engine?: RunRecord['engine'];
};

/** `backfill.json`. */
export type BackfillRecord = Common & {
  readonly backfill_id: string;
  readonly job: string;
  readonly profile: string;
  readonly job_path: string;
  /** Folder of all partitions. */
  readonly out: string;
  /** The range as it was given. */
  readonly from?: string;
  readonly to?: string;
  readonly choose: readonly Choice[];
  readonly partitions: readonly string[];
};

/** One run of a batch. */
export type BatchItem = {
  readonly job: string;
  readonly job_path: string;
  /** Folder of the job. */
  readonly out: string;
  readonly partition?: string;
};

/** `batch.json`. */
export type BatchRecord = Common & {
  readonly batch_id: string;
  /** Job files. */
  readonly job_paths: readonly string[];
  /** Folder of a folder for each job; absent: each job has its own. */
  readonly given_out?: string;
  /** Words for partitions, as they were given. */
  readonly given_partitions: readonly string[];
  readonly items: readonly BatchItem[];
};

export type ManyRecord = BackfillRecord | BatchRecord;

/** What no record tells of a run: another one made it, or holds its folder. */
export type ManyNote = {
  /** The run's label among those of its order. */
  readonly partition: string;
  readonly run_id?: string;
  readonly held?: string;
};

export type ManyRecords<Kept extends ManyRecord> = {
  folder(id: string): string;
  create(record: Kept): Promise<void>;
  read(id: string): Promise<Kept | undefined>;
  update(id: string, patch: Partial<Common>): Promise<Kept>;
  /** This process drives it no longer: whoever looks, from wherever, finds it left. */
  letGo(id: string): Promise<void>;
  note(id: string, note: ManyNote): Promise<void>;
  /** By label, the latest of each. */
  notes(id: string): Promise<ReadonlyMap<string, ManyNote>>;
  /** Newest first. */
  list(): Promise<readonly Kept[]>;
};

export type Many = 'backfill' | 'batch';

/** The backfills of a state folder. Nothing is created until there is one. */
export function openBackfills(stateDir: string): ManyRecords<BackfillRecord> {
  return open<BackfillRecord>(join(stateDir, 'backfills'), 'backfill.json');
}

/** The batches of a state folder. Nothing is created until there is one. */
export function openBatches(stateDir: string): ManyRecords<BatchRecord> {
  return open<BatchRecord>(join(stateDir, 'batches'), 'batch.json');
}

/** Those of one kind. */
export function openMany(stateDir: string, what: Many): ManyRecords<ManyRecord> {
  return what === 'batch' ? openBatches(stateDir) : openBackfills(stateDir);
}

export function manyOf(record: ManyRecord): Many {
  return 'batch_id' in record ? 'batch' : 'backfill';
}

export function idOf(record: ManyRecord): string {
  return 'batch_id' in record ? record.batch_id : record.backfill_id;
}

/** `backfill sales-20261127-081509-p8dj`. */
export function nameOf(record: ManyRecord): string {
  return `${manyOf(record)} ${idOf(record)}`;
}

/** The runs of one, in their order, without proof that they are ordered. */
export function ordersOf(record: ManyRecord): readonly RunOrder[] {
  const { given_profile: profile, given_params: params, asked_at } = record;
  const atMs = Date.parse(asked_at);
  const how = { params, ...(profile === undefined ? {} : { profile }) };
  if ('batch_id' in record) {
    return record.items.map(({ job: name, job_path: job, out, partition }) => {
      const order: StandingOrder = { by: 'batch', id: record.batch_id, name, job, out, ...how };
      return orderOf(order, { atMs, ...(partition === undefined ? {} : { partition }) });
    });
  }
  const { backfill_id: id, job_path: job, out } = record;
  const order: StandingOrder = { by: 'backfill', id, job, out, ...how };
  return record.partitions.map((partition) => orderOf(order, { partition, atMs }));
}

export function labelOfOrder({ order, partition }: RunOrder): string {
  return labelOf(order, partition);
}

function open<Kept extends ManyRecord>(root: string, name: string): ManyRecords<Kept> {
  const folder = (id: string): string => join(root, id);
  const file = (id: string): string => join(folder(id), name);
  const write = (record: Kept): Promise<void> =>
    replaceFile(file(idOf(record)), `${JSON.stringify(record, null, 2)}\n`, { sync: true });
  const read = async (id: string): Promise<Kept | undefined> => {
    const text = await readFile(file(id), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw error;
    });
    return text === undefined ? undefined : (JSON.parse(text) as Kept);
  };
  return {
    folder,
    read,
    create: async (record) => {
      await mkdir(folder(idOf(record)), { recursive: true });
      await write(record);
    },
    update: async (id, patch) => {
      const record = await read(id);
      if (record === undefined) throw new Error(`unreachable: ${id} is not on record`);
      const next = { ...record, ...patch };
      await write(next);
      return next;
    },
    letGo: async (id) => {
      const record = await read(id);
      if (record?.state !== 'open' || record.driver === undefined || !isOwn(record.driver)) return;
      const { driver: _, ...left } = record;
      await write(left as Kept);
    },
    note: async (id, note) => {
      await appendFile(join(folder(id), 'notes.jsonl'), `${JSON.stringify(note)}\n`);
    },
    notes: async (id) => {
      const text = await readFile(join(folder(id), 'notes.jsonl'), 'utf8').catch(() => '');
      const notes = text.split('\n').flatMap(noteIn);
      return new Map(notes.map((note) => [note.partition, note]));
    },
    list: async () => {
      const ids = await readdir(root).catch((): string[] => []);
      const found = await Promise.all(ids.map(read));
      return found
        .filter((record) => record !== undefined)
        .toSorted((a, b) => (a.asked_at < b.asked_at ? 1 : -1));
    },
  };
}

/** The last line may be cut off: its process was killed, and tells it again. */
function noteIn(line: string): readonly ManyNote[] {
  try {
    return [JSON.parse(line) as ManyNote];
  } catch {
    return [];
  }
}

/** Whether the process that drives one lives, as far as can be seen from here. */
export function driverOfMany({ driver }: ManyRecord): OwnerState {
  return driver === undefined ? 'dead' : stateOf(driver);
}
