/**
 * Metrics as a file, for a collector of text files such as node_exporter's: the way for a command that is gone before
 * anyone could scrape it. Holds the pipeline's own metrics only: those of the process would clash with the collector's.
 *
 * 1. A reader sees a whole file, the old one or the new one.
 * 2. One process at a time writes a file; a second one is refused before anything starts.
 * 3. A job and profile is in one file of a folder alone: a collector drops everything where two have one series.
 */

import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { replaceFile } from '../os/atomic.ts';
import { takeLease } from '../os/lease.ts';
import { describeOwner } from '../os/owner.ts';

import { placesElsewhere } from './metrics-file-places.ts';

import type { Lease } from '../os/lease.ts';
import type { Telemetry } from './telemetry.ts';

export type MetricsFile = {
  /** Writes what is counted now. Never rejects. */
  write(): Promise<void>;
  /** Writes a last time and gives the file up. */
  close(): Promise<void>;
};

/** A collector looks about this often. */
const WRITE_EVERY_MS = 15_000;

/** Takes the file, and writes it every 15 seconds. @throws UserError BAD_USAGE, METRICS_FILE_BUSY */
export async function openMetricsFile(
  path: string,
  telemetry: Pick<Telemetry, 'fileText' | 'metricsError'>,
  warn: (line: string) => void = () => undefined,
): Promise<MetricsFile> {
  const folder = dirname(path);
  if (!path.endsWith('.prom')) {
    throw new UserError('BAD_USAGE', `--metrics-file is '${path}'; its name ends with .prom`, {
      hint: 'Collectors of text files read *.prom and nothing else.',
    });
  }
  const lock = join(folder, `.${basename(path)}.lock`);
  const warned = new Set<string>();
  const text = async (): Promise<string> => {
    const elsewhere = await placesElsewhere(path);
    return telemetry.fileText((place) => {
      const other = elsewhere(place);
      if (other === undefined) return false;
      const line = `metrics   ${place.job} with ${place.profile} is in ${other} beside ${basename(path)} already, so not in this one; remove ${other} if it is of the past`;
      if (!warned.has(line)) warn(line);
      warned.add(line);
      return true;
    });
  };
  let lease: Lease | undefined;
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error(`${folder} is not a folder`);
    const taken = await takeLease(lock);
    if (!taken.taken) {
      const { owner } = taken.holder;
      const who = owner === undefined ? 'another user' : describeOwner(owner);
      throw new UserError('METRICS_FILE_BUSY', `another command is writing ${path} (${who})`, {
        hint: 'Give each command that runs at the same time a --metrics-file of its own.',
      });
    }
    lease = taken.lease;
    // What an earlier command left there stays until this one has something to tell.
    await replaceFile(path, await readFile(path, 'utf8').catch(() => text()));
  } catch (error) {
    lease?.release();
    if (error instanceof UserError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError('BAD_USAGE', `--metrics-file ${path} cannot be written: ${reason}`, {
      hint: 'Give a file in a folder that exists and that this user may write.',
      cause: error,
    });
  }
  const writeNow = async (): Promise<void> => {
    try {
      const now = await text();
      lease.check();
      await replaceFile(path, now);
    } catch {
      telemetry.metricsError('file');
    }
  };
  // One after the other: of two that overlap the older text could come last. Who asks while one waits waits with it.
  let going: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const write = (): Promise<void> => {
    next ??= going.then(() => {
      next = undefined;
      return (going = writeNow());
    });
    return next;
  };
  const timer = setInterval(() => void write(), WRITE_EVERY_MS).unref();
  return {
    write,
    close: async () => {
      clearInterval(timer);
      await write();
      lease.release();
    },
  };
}
