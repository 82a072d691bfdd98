/** Durations as people write them ("90s", "1h30m") and as the code keeps them (milliseconds). Pure. */

import { UserError } from './errors.ts';

/** Units in milliseconds, largest first: the order in which a duration names them. */
const UNITS = Object.freeze({ d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 });
type Unit = keyof typeof UNITS;

const ORDER = Object.keys(UNITS) as readonly Unit[];

/** The form a duration must have, as editors and the JSON Schema check it. Order of units is checked by `parseDuration`. */
export const DURATION_PATTERN = '^(?:[0-9]+(?:\\.[0-9]+)?(?:ms|s|m|h|d))+$';

const WHOLE = new RegExp(DURATION_PATTERN);

/** Longest duration, 10 years: keeps every sum of durations an exact number. */
const MAX_DAYS = 3_650;
const MAX_MS = MAX_DAYS * UNITS.d;
/** The same, as people write it. */
export const LONGEST_DURATION = `${MAX_DAYS}d`;

/**
 * Milliseconds in a duration such as "90s", "5m", "1h30m", "250ms" or "1.5h"; units are d, h, m, s, ms, each once, largest first.
 * @throws UserError BAD_DURATION for anything else.
 */
export function parseDuration(text: string): number {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw new UserError('BAD_DURATION', `'${text}' is not a duration`, {
    hint: 'Write a number and a unit (d, h, m, s, ms), such as 90s, 5m or 1h30m.',
  });
}

/** Like `parseDuration`, but answers undefined for what is no duration. */
export function durationMs(text: string): number | undefined {
  if (text.length > 64 || !WHOLE.test(text)) return undefined;
  let total = 0;
  let last = -1;
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(ms|[smhd])/g)) {
    const rank = ORDER.indexOf(unit as Unit);
    if (rank <= last) return undefined;
    last = rank;
    total += Number(amount) * UNITS[unit as Unit];
  }
  return total <= MAX_MS ? Math.round(total) : undefined;
}

/** A duration for people: "250ms", "12.3s", "2m5s", "1h30m". Below a minute to a tenth of a second, above it to a second. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < UNITS.s) return `${whole}ms`;
  const tenths = Math.round(whole / 100);
  if (tenths < 600) return `${tenths / 10}s`;

  let rest = Math.round(whole / UNITS.s) * UNITS.s;
  let text = '';
  for (const unit of ORDER) {
    const count = Math.floor(rest / UNITS[unit]);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * UNITS[unit];
  }
  return text;
}
