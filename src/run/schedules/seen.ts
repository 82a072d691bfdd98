/** The schedules of a state folder as Temporal has them. */

import { ScheduleNotFoundError } from '@temporalio/client';

import { nameOfKey } from '../../orders/tags.ts';
import { declaredIn, readScheduleId } from './temporal-schedule.ts';

import type { Client, ScheduleDescription } from '@temporalio/client';
import type { OrderKey } from '../../orders/key.ts';
import type { Existing } from './difference.ts';

export type Seen = Existing & {
  readonly job: string;
  readonly description: ScheduleDescription;
};

const AT_ONCE = 8;

/**
 * All of them, by id. In the embedded engine those of an earlier secret of the folder, too: nobody else has any there.
 * @throws as the client does
 */
export async function seeSchedules(
  client: Client,
  { key, isEmbedded }: { readonly key: OrderKey; readonly isEmbedded: boolean },
): Promise<readonly Seen[]> {
  const folder = nameOfKey(key);
  const ids: string[] = [];
  for await (const { scheduleId } of client.schedule.list()) {
    const known = readScheduleId(scheduleId);
    if (known !== undefined && (isEmbedded || known.folder === folder)) ids.push(scheduleId);
  }
  const seen: Seen[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = await Promise.all(
      ids.slice(at, at + AT_ONCE).map(async (id) => seeSchedule(client, id, folder)),
    );
    seen.push(...some.filter((one) => one !== undefined));
  }
  return seen.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** One of them; undefined where there is none. */
async function seeSchedule(client: Client, id: string, folder: string): Promise<Seen | undefined> {
  try {
    const description = await client.schedule.getHandle(id).describe();
    const known = readScheduleId(id);
    return {
      id,
      job: known?.job ?? id,
      isCurrent: known?.folder === folder,
      declared: declaredIn(description.action.memo),
      description,
    };
  } catch (error) {
    // It went away since it was listed.
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}
