/** Begins what is on record of many runs, or goes on with it; of what is over, what it did not make, in a new one. */

import { isDone } from '../../model/backfill.ts';
import { UserError } from '../../model/errors.ts';
import { describeOwner, ownOwner } from '../../os/owner.ts';
import { driveMany } from './drive-many.ts';
import { driverOfMany, idOf, manyOf, nameOf, openMany } from './many-records.ts';
import { manyReport } from './many-report.ts';
import { makeBackfillId } from '../run-id.ts';
import { makeStateDir } from '../definitions/state-dir.ts';

import type { RunControl } from '../control.ts';
import type { ManyEnded } from './drive-many.ts';
import type { ManyRecord } from './many-records.ts';
import type { FindRuns } from './many-report.ts';
import type { Parts } from '../parts.ts';

/** How ids of batches begin. */
export const BATCH = 'batch';

/** Goes on with one: one that was left as it is, of one that is over what it did not make, in a new one. @throws UserError */
export async function resumeMany(
  parts: Parts,
  record: ManyRecord,
  control: RunControl,
  find: FindRuns,
): Promise<ManyEnded> {
  if (record.state === 'open') return goOnWithMany(parts, record, control, find);
  const { rows } = await manyReport(parts.options.stateDir, record, find);
  const left = (_: unknown, i: number): boolean => !isDone(rows[i]!);
  if (rows.every(isDone)) {
    throw new UserError('NOTHING_TO_RESUME', `${nameOf(record)} has made all that it was to make`);
  }
  const { ended: _, finished_at: __, paused: ___, engine: ____, ...same } = record;
  const askedAt = new Date();
  const anew = { asked_at: askedAt.toISOString(), state: 'open', driver: ownOwner() } as const;
  const idFor = (name: string): string => makeBackfillId(name, askedAt, Math.random());
  const next: ManyRecord =
    'batch_id' in same
      ? { ...same, ...anew, batch_id: idFor(BATCH), items: same.items.filter(left) }
      : {
          ...same,
          ...anew,
          backfill_id: idFor(same.job),
          partitions: same.partitions.filter(left),
        };
  control.tell({
    type: 'said',
    text: `found     ${nameOf(record)} is over; what it did not make is made by a new one`,
  });
  return beginMany(parts, next, control, find);
}

/** Writes it down, and drives it to its end. @throws UserError */
export async function beginMany(
  parts: Parts,
  record: ManyRecord,
  control: RunControl,
  find: FindRuns,
): Promise<ManyEnded> {
  const { stateDir } = parts.options;
  // What cannot be used is said before anything is begun.
  await parts.payloadKeys(control.tell);
  makeStateDir(stateDir);
  await parts.metrics(control.tell);
  await openMany(stateDir, manyOf(record)).create(record);
  return driveMany(parts, record, control, { find, resumed: false });
}

/** Drives one that was left. @throws UserError BACKFILL_OPEN where another process does */
export async function goOnWithMany(
  parts: Parts,
  record: ManyRecord,
  control: RunControl,
  find: FindRuns,
  atMost: number = record.at_most,
): Promise<ManyEnded> {
  const { driver } = record;
  if (driver !== undefined && driverOfMany(record) === 'alive') {
    throw new UserError('BACKFILL_OPEN', `${nameOf(record)} goes on in ${describeOwner(driver)}`, {
      hint: `\`builder_cli ${manyOf(record)} status ${idOf(record)}\` shows how far it is.`,
    });
  }
  await parts.payloadKeys(control.tell);
  await parts.metrics(control.tell);
  const patch = { driver: ownOwner(), at_most: atMost, paused: false };
  const mine = await openMany(parts.options.stateDir, manyOf(record)).update(idOf(record), patch);
  return driveMany(parts, mine, control, { find, resumed: true });
}
