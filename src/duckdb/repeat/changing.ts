/**
 * Which functions answer otherwise from run to run. The engine's own word decides; what stands here besides is where it
 * is mistaken, each shown by a test.
 */

import { BARE, CHANGING } from './engine-words.ts';

/** They never answer at all, or work on their arguments alone; the engine only means that they must not be left out. */
const STEADY = new Set(['error', 'json_group_object']);

/** Called steady by the engine, though settings of the session or the clock decide what they answer. */
const MISREPORTED = new Set([
  'current_localtime',
  'current_localtimestamp',
  'current_setting',
  'getvariable',
]);

/** True for a function whose answer differs from run to run; `args` is how many arguments it is given. */
export function isChanging(name: string, args = 0): boolean {
  // Of one argument it counts from today.
  if (name === 'age') return args === 1;
  return (CHANGING.has(name) && !STEADY.has(name)) || MISREPORTED.has(name);
}

/** True for a word without parentheses that means such a function, where it is no column. */
export function isChangingWord(word: string): boolean {
  const called = BARE[word];
  return called !== undefined && isChanging(called);
}
