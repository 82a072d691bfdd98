/**
 * Brings Temporal's schedules to what is declared: creates, changes and removes those of this state folder. One that is
 * right already is not touched, for a change would drop what is due between the change before and now.
 */

import { ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';

import { openOrderKey } from '../../orders/key.ts';
import { projectQueue } from '../worker/queues.ts';
import { differenceOf } from './difference.ts';
import { readRemembered, rememberAlive, rememberLeft } from './remembered.ts';
import { seeSchedules } from './seen.ts';
import { orderOfSchedule, scheduleId, temporalSchedule } from './temporal-schedule.ts';

import type { Client, ScheduleHandle, ScheduleOptions } from '@temporalio/client';
import type { OrderKey } from '../../orders/key.ts';
import type { Link } from '../worker/link.ts';
import type { ProjectOptions } from '../project-options.ts';
import type { DeclaredSchedules } from './declared.ts';
import type { Remembered, Standing } from './remembered.ts';
import type { Applied } from './difference.ts';

type ApplyOptions = Pick<ProjectOptions, 'stateDir' | 'engine'> & {
  /** Absolute paths of the files that are asked for; absent: all, so others are removed. */
  readonly only?: readonly string[];
  readonly dryRun?: boolean;
};

/** What was done, or would be. @throws as the client does where Temporal does not answer */
export async function applySchedules(
  link: Link,
  { declared, broken }: Pick<DeclaredSchedules, 'declared' | 'broken'>,
  { stateDir, engine: choice, only, dryRun = false }: ApplyOptions,
): Promise<readonly Applied[]> {
  const client = await link.client();
  const key = openOrderKey(stateDir);
  const isEmbedded = link.engine.kind === 'embedded';
  const seen = await seeSchedules(client, { key, isEmbedded });
  const idOf = (job: string): string => scheduleId(key, job);
  const changes = differenceOf(seen, {
    declared,
    broken,
    idOf,
    ...(only === undefined ? {} : { only }),
  });
  const known = readRemembered(stateDir);
  const applied: Applied[] = [];
  for (const change of changes) {
    const isLost =
      isEmbedded && change.change === 'create' && known?.schedules[change.id] !== undefined;
    const about = isLost ? { ...change, lost: true } : change;
    if (dryRun) {
      applied.push(about);
      continue;
    }
    const taskQueue = projectQueue(choice, key);
    const failed = await carryOut(client, about, { key, link, taskQueue, known, stateDir }).then(
      () => undefined,
      (error: unknown) => refusalOf(error),
    );
    applied.push(failed === undefined ? about : { ...about, failed });
  }
  const isWhole = applied.every(({ failed }) => failed === undefined) && only === undefined;
  if (!dryRun && isEmbedded && isWhole) {
    await rememberAlive(stateDir, client, key);
  }
  return applied;
}

type Around = {
  readonly key: OrderKey;
  readonly link: Link;
  readonly taskQueue: string;
  readonly known: Remembered | undefined;
  readonly stateDir: string;
};

async function carryOut(
  client: Client,
  { change, id, declared }: Applied,
  { link, taskQueue, known, stateDir }: Around,
): Promise<void> {
  const handle = client.schedule.getHandle(id);
  if (change === 'remove') {
    const { paused, note = '' } = await stateOf(handle);
    if (paused) await rememberLeft(stateDir, id, { paused, ...(note === '' ? {} : { note }) });
    await handle.delete().catch((error: unknown) => {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    });
  }
  if (declared === undefined || (change !== 'create' && change !== 'change')) return;
  const order = link.signOrder(orderOfSchedule(declared));
  const wanted = temporalSchedule(declared, { id, taskQueue, order });
  if (change === 'create') {
    const state =
      known?.left?.[id] ??
      (link.engine.kind === 'embedded'
        ? stateAfterLoss(id, declared.schedule.catchUpMs, known)
        : {});
    try {
      await client.schedule.create({ scheduleId: id, ...wanted, state });
      await rememberLeft(stateDir, id, undefined);
      return;
    } catch (error) {
      // Another process was quicker.
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
  }
  await handle.update(({ state: { paused, note = '' } }) => ({
    ...wanted,
    state: { paused, note },
  }));
}

async function stateOf(handle: ScheduleHandle): Promise<Standing> {
  try {
    const { state } = await handle.describe();
    return state;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return { paused: false };
    throw error;
  }
}

/** What a schedule was when the engine forgot it; what was due since is made up for, within its window. */
function stateAfterLoss(
  id: string,
  catchUpMs: number,
  known: Remembered | undefined,
): NonNullable<ScheduleOptions['state']> {
  const before = known?.schedules[id];
  if (known === undefined || before === undefined) return {};
  if (before.paused) return before;
  const nowMs = Date.now();
  const start = new Date(Math.max(known.seenAtMs, nowMs - catchUpMs));
  // Without a word of its own on overlaps: the schedule's.
  return { backfill: [{ start, end: new Date(nowMs) }] };
}

/** The server's own words for what it does not take. @throws what is no refusal */
function refusalOf(error: unknown): string {
  const { cause, message } = error as Error & { readonly cause?: { readonly details?: string } };
  return cause?.details === undefined || cause.details === '' ? message : cause.details;
}
