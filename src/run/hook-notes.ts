/** What became of the hooks of a run, for who shows it. */

export { readHookNotes } from '../hooks/due.ts';
export type { HookNote } from '../hooks/due.ts';
