/**
 * What a state folder remembers of its schedules, for the day its engine's database is gone: until when they were seen
 * to, and which of them were paused. Temporal has the truth as long as it is there.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { nameOfKey } from '../../orders/tags.ts';
import { replaceFile } from '../../os/atomic.ts';
import { readScheduleId } from './temporal-schedule.ts';

import type { Client } from '@temporalio/client';
import type { OrderKey } from '../../orders/key.ts';

export type Remembered = {
  /** The engine was seen alive: what was due until then is made, or on its way. */
  readonly seenAtMs: number;
  /** By id. */
  readonly schedules: Readonly<Record<string, Standing>>;
  /** Those that were removed while they were paused: one whose file was away for a moment is paused again. */
  readonly left?: Readonly<Record<string, Standing>>;
};

/** Whether a schedule is paused, and why. */
export type Standing = { readonly paused: boolean; readonly note?: string };

/** Nothing for a folder without schedules, and for a file that cannot be read. */
export function readRemembered(stateDir: string): Remembered | undefined {
  try {
    const found = JSON.parse(readFileSync(fileOf(stateDir), 'utf8')) as Partial<Remembered>;
    const { seenAtMs, schedules, left } = found;
    const isWhole = typeof seenAtMs === 'number' && typeof schedules === 'object';
    if (!isWhole || schedules === null) return undefined;
    return { seenAtMs, schedules, ...(left === undefined ? {} : { left }) };
  } catch {
    return undefined;
  }
}

/** What is due is not yet made when it is seen. */
const MARGIN_MS = 2_000;

/** Writes down that the engine is alive, and which schedules are paused; to be called once they are as declared. Never throws: it is a net below another net. */
export async function rememberAlive(
  stateDir: string,
  client: Client,
  key: OrderKey,
): Promise<void> {
  const seenAtMs = Date.now() - MARGIN_MS;
  const schedules: Record<string, Remembered['schedules'][string]> = {};
  try {
    for await (const { scheduleId, state } of client.schedule.list()) {
      if (readScheduleId(scheduleId)?.folder !== nameOfKey(key)) continue;
      const { paused, note = '' } = state;
      schedules[scheduleId] = { paused, ...(note === '' ? {} : { note }) };
    }
    const left = readRemembered(stateDir)?.left;
    await write(stateDir, { seenAtMs, schedules, ...(left === undefined ? {} : { left }) });
  } catch {
    // The next look may do.
  }
}

/** Writes down how a schedule stood that is removed; or, without that, that it is there again. */
export async function rememberLeft(
  stateDir: string,
  id: string,
  standing: Standing | undefined,
): Promise<void> {
  const known = readRemembered(stateDir) ?? { seenAtMs: Date.now() - MARGIN_MS, schedules: {} };
  const { [id]: before, ...others } = known.left ?? {};
  if (standing === undefined && before === undefined) return;
  const left = standing === undefined ? others : { ...others, [id]: standing };
  await write(stateDir, { ...known, left });
}

async function write(stateDir: string, remembered: Remembered): Promise<void> {
  await replaceFile(fileOf(stateDir), `${JSON.stringify(remembered, null, 2)}\n`);
}

function fileOf(stateDir: string): string {
  return join(stateDir, 'schedules.json');
}
