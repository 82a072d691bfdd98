/** What a project's store tells a program that exports it in a form of its own. */

import type { JournalChanges } from '../store/store.ts';
import type { Parts } from './parts.ts';

export type { Entry, Fact } from '../store/entries.ts';
export type { JournalChanges, Store } from '../store/store.ts';

export type JournalCursor = JournalChanges['cursor'];

/** All that the journal adds up to, or what came behind a cursor of this process. Makes the store where there is none. */
export async function changesSince(
  { store }: Pick<Parts, 'store'>,
  cursor?: JournalCursor,
): Promise<JournalChanges> {
  return (await store()).changes(cursor);
}
