/**
 * Whether DuckDB's regular expressions (RE2) would take a pattern: its syntax, walked through as RE2 does. Pure.
 * A pattern whose program is too large is only found when it is compiled.
 */

import { BadPattern, classEnd, escapeEnd } from './pattern-parts.ts';

/** RE2's bound on a repetition, nested ones multiplied. */
const MAX_REPEAT = 1000;

/** Why RE2 refuses the pattern, or undefined. */
export function patternTrouble(pattern: string): string | undefined {
  try {
    walk(pattern);
    return undefined;
  } catch (error) {
    if (!(error instanceof BadPattern)) throw error;
    return `this is no regular expression of RE2: ${error.message}`;
  }
}

/** What stands before a repetition: nothing that can be repeated, or an item with its repetitions multiplied. */
type Item = { readonly repeats: number; readonly isRepeated: boolean } | undefined;
type Group = { last: Item; most: number };

function walk(pattern: string): void {
  const groups: Group[] = [{ last: undefined, most: 1 }];
  let at = 0;
  const item = (end: number, repeats = 1): void => {
    const group = groups.at(-1)!;
    group.last = { repeats, isRepeated: false };
    group.most = Math.max(group.most, repeats);
    at = end;
  };
  while (at < pattern.length) {
    const rest = pattern.slice(at);
    const repetition = repetitionOf(rest);
    if (repetition !== undefined) {
      const group = groups.at(-1)!;
      const repeats = repeated(group.last, repetition);
      group.last = { repeats, isRepeated: true };
      group.most = Math.max(group.most, repeats);
      at += repetition.text.length;
    } else if (rest.startsWith('(?')) {
      const opened = openedBy(rest);
      const group = groups.at(-1)!;
      if (opened.isGroup) groups.push({ last: undefined, most: 1 });
      // Flags part two repetitions of the same item.
      else if (group.last !== undefined) group.last = { ...group.last, isRepeated: false };
      at += opened.length;
    } else if (rest.startsWith('(')) {
      groups.push({ last: undefined, most: 1 });
      at += 1;
    } else if (rest.startsWith(')')) {
      if (groups.length === 1) throw new BadPattern('a ) without its (');
      item(at + 1, groups.pop()!.most);
    } else if (rest.startsWith('|')) {
      groups.at(-1)!.last = undefined;
      at += 1;
    } else if (rest.startsWith('[')) item(at + classEnd(rest));
    else if (rest.startsWith('\\Q')) {
      const end = rest.indexOf('\\E');
      const quoted = end < 0 ? rest.slice(2) : rest.slice(2, end);
      const next = at + (end < 0 ? rest.length : end + 2);
      if (quoted === '') at = next;
      else item(next);
    } else if (rest.startsWith('\\')) item(at + escapeEnd(rest));
    else item(at + String.fromCodePoint(rest.codePointAt(0)!).length);
  }
  if (groups.length > 1) throw new BadPattern('a ( without its )');
}

type Repetition = { readonly text: string; readonly least: number; readonly most: number };

const COUNTED = /^\{(0|[1-9]\d*)(?:(,)(0|[1-9]\d*)?)?\}/;

/** The repetition at the start of a text; braces that hold no numbers are letters. */
function repetitionOf(rest: string): Repetition | undefined {
  const lazy = (text: string): string => (rest.startsWith('?', text.length) ? `${text}?` : text);
  if (/^[*+?]/.test(rest)) return { text: lazy(rest.slice(0, 1)), least: 0, most: 0 };
  const counted = COUNTED.exec(rest);
  if (counted === null) return undefined;
  const least = Number(counted[1]);
  const most = counted[2] === undefined ? least : Number(counted[3] ?? -1);
  return { text: lazy(counted[0]), least, most };
}

function repeated(last: Item, { text, least, most }: Repetition): number {
  if (last === undefined) throw new BadPattern(`nothing stands before ${text} to repeat`);
  if (last.isRepeated) throw new BadPattern(`${text} repeats a repetition; put it into (?: )`);
  if (least > MAX_REPEAT || most > MAX_REPEAT || (most >= 0 && least > most)) {
    throw new BadPattern(
      `a repetition such as ${text} goes to ${MAX_REPEAT}, the lesser number first`,
    );
  }
  const times = most < 0 ? least : most;
  const repeats = last.repeats * Math.max(times, 1);
  if ((least >= 2 || most >= 2) && repeats > MAX_REPEAT) {
    throw new BadPattern(`repetitions inside each other go to ${MAX_REPEAT} together`);
  }
  return repeats;
}

/** What `(?` opens: a group, or flags for what follows. */
function openedBy(rest: string): { readonly length: number; readonly isGroup: boolean } {
  const named = /^\(\?P<([^>]*)>/.exec(rest);
  if (named !== null) {
    if (!/^\w+$/.test(named[1]!)) throw new BadPattern(`'${named[1]}' is no name of a group`);
    return { length: named[0].length, isGroup: true };
  }
  const flags = /^\(\?([imsU]*)(-[imsU]+)?([:)])/.exec(rest);
  if (flags !== null) return { length: flags[0].length, isGroup: flags[3] === ':' };
  if (/^\(\?<?[=!]/.test(rest)) throw new BadPattern('it cannot look ahead or back');
  if (rest.startsWith('(?<')) throw new BadPattern('a named group is written (?P<name> )');
  throw new BadPattern(`${rest.slice(0, 4)} means nothing`);
}
