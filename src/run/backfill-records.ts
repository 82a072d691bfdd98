/**
 * What is on record of backfills: a folder each in the state folder. It holds what was asked for and which partitions that
 * was, from before the first run; what became of them is told by the records of their runs, and by notes where there are none.
 */

import { appendFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { replaceFile } from '../os/atomic.ts';
import { stateOf } from '../os/owner.ts';

import type { Choice } from '../model/backfill.ts';
import type { RunRecord } from '../model/run-record.ts';
import type { Owner, OwnerState } from '../os/owner.ts';

/** `backfill.json`. Paths are absolute, times ISO 8601 in UTC. */
export type BackfillRecord = {
  readonly format: 1;
  readonly backfill_id: string;
  readonly job: string;
  readonly profile: string;
  readonly job_path: string;
  /** As it was given. */
  readonly given_profile?: string;
  readonly given_params: readonly string[];
  /** Folder of all partitions. */
  readonly out: string;
  /** The range as it was given. */
  readonly from?: string;
  readonly to?: string;
  readonly choose: readonly Choice[];
  readonly at_most: number;
  readonly asked_at: string;
  readonly partitions: readonly string[];
  readonly state: 'open' | 'closed';
  /** How it ended; absent while it is open. */
  readonly ended?: 'DONE' | 'CANCELLED';
  readonly finished_at?: string;
  readonly paused?: boolean;
  /** The process that drives it, or did. */
  readonly driver?: Owner;
  readonly engine?: RunRecord['engine'];
};

/** What no record tells of a partition: another run made it, or holds it. */
export type BackfillNote = {
  readonly partition: string;
  readonly run_id?: string;
  readonly held?: string;
};

export type Backfills = {
  folder(id: string): string;
  create(record: BackfillRecord): Promise<void>;
  read(id: string): Promise<BackfillRecord | undefined>;
  update(id: string, patch: Partial<BackfillRecord>): Promise<BackfillRecord>;
  note(id: string, note: BackfillNote): Promise<void>;
  /** By partition, the latest of each. */
  notes(id: string): Promise<ReadonlyMap<string, BackfillNote>>;
  /** Newest first. */
  list(): Promise<readonly BackfillRecord[]>;
};

/** Those of a state folder. Nothing is created until a backfill is. */
export function openBackfills(stateDir: string): Backfills {
  const root = join(stateDir, 'backfills');
  const folder = (id: string): string => join(root, id);
  const file = (id: string): string => join(folder(id), 'backfill.json');
  const write = (record: BackfillRecord): Promise<void> =>
    replaceFile(file(record.backfill_id), `${JSON.stringify(record, null, 2)}\n`, { sync: true });
  const read = async (id: string): Promise<BackfillRecord | undefined> => {
    const text = await readFile(file(id), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw error;
    });
    return text === undefined ? undefined : (JSON.parse(text) as BackfillRecord);
  };
  return {
    folder,
    read,
    create: async (record) => {
      await mkdir(folder(record.backfill_id), { recursive: true });
      await write(record);
    },
    update: async (id, patch) => {
      const record = await read(id);
      if (record === undefined) throw new Error(`unreachable: backfill ${id} is not on record`);
      const next = { ...record, ...patch };
      await write(next);
      return next;
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
function noteIn(line: string): readonly BackfillNote[] {
  try {
    return [JSON.parse(line) as BackfillNote];
  } catch {
    return [];
  }
}

/** Whether the process that drives a backfill lives, as far as can be seen from here. */
export function driverOfBackfill({ driver }: BackfillRecord): OwnerState {
  return driver === undefined ? 'dead' : stateOf(driver);
}
