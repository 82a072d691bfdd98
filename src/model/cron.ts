/**
 * Reads cron lines as Temporal does, to find mistakes before it does; firing is Temporal's. All fields must match, a day
 * of the month and a day of the week together. Pure.
 */

/** A cron line taken apart. */
export type Cron = {
  readonly second: ReadonlySet<number>;
  readonly minute: ReadonlySet<number>;
  readonly hour: ReadonlySet<number>;
  readonly day: ReadonlySet<number>;
  readonly month: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekday: ReadonlySet<number>;
  readonly year: ReadonlySet<number>;
};

type Field = keyof Cron;
type Range = { readonly min: number; readonly max: number };

/** Temporal looks no further. */
const YEARS: Range = Object.freeze({ min: 2000, max: 2100 });

const RANGES: Readonly<Record<Field, Range>> = Object.freeze({
  second: { min: 0, max: 59 },
  minute: { min: 0, max: 59 },
  hour: { min: 0, max: 23 },
  day: { min: 1, max: 31 },
  month: { min: 1, max: 12 },
  weekday: { min: 0, max: 7 },
  year: YEARS,
});

const FORMS: Readonly<Record<number, readonly Field[]>> = Object.freeze({
  5: ['minute', 'hour', 'day', 'month', 'weekday'],
  6: ['minute', 'hour', 'day', 'month', 'weekday', 'year'],
  7: ['second', 'minute', 'hour', 'day', 'month', 'weekday', 'year'],
});

const SHORT: Readonly<Record<string, string>> = Object.freeze({
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
});

const NAMES: Readonly<Partial<Record<Field, { readonly least: number; readonly names: string }>>> =
  Object.freeze({
    month: {
      least: 3,
      names:
        ' january february march april may june july august september october november december',
    },
    weekday: { least: 2, names: 'sunday monday tuesday wednesday thursday friday saturday' },
  });

/** The line taken apart, or what is wrong with it. */
export function parseCron(line: string): Cron | { readonly wrong: string } {
  if (/^(CRON_)?TZ=/.test(line)) return { wrong: "the zone goes into the key 'timezone'" };
  if (line.startsWith('@every')) return { wrong: "an interval goes into the key 'every'" };
  const words = (SHORT[line] ?? line).trim().split(/\s+/);
  const form = FORMS[words.length];
  if (form === undefined || words[0] === '') {
    const known = Object.keys(SHORT).join(', ');
    return line.startsWith('@')
      ? { wrong: `'${line}' is not known; there are ${known}` }
      : {
          wrong: `it has ${words[0] === '' ? 0 : words.length} fields; 5 are minute, hour, day, month and weekday, a 6th is the year, of 7 the first is the second`,
        };
  }
  const cron: Record<Field, ReadonlySet<number>> = {
    second: new Set([0]),
    minute: new Set(),
    hour: new Set(),
    day: new Set(),
    month: new Set(),
    weekday: new Set(),
    year: valuesBetween(YEARS, 1),
  };
  for (const [i, field] of form.entries()) {
    const values = valuesOf(field, words[i] ?? '');
    if (typeof values === 'string') return { wrong: `${field} '${words[i]}': ${values}` };
    cron[field] = field === 'weekday' ? new Set([...values].map((day) => day % 7)) : values;
  }
  return cron;
}

/** True if it fires on some day of this year or later. */
export function firesFrom({ year, month, day, weekday }: Cron, from: number): boolean {
  for (const y of year) {
    if (y < from) continue;
    for (const m of month) {
      for (const d of day) {
        const at = new Date(Date.UTC(y, m - 1, d));
        if (at.getUTCMonth() === m - 1 && weekday.has(at.getUTCDay())) return true;
      }
    }
  }
  return false;
}

/** True if it fires at this local time, YYYY-MM-DD and minutes of the day. */
export function firesAt(cron: Cron, date: string, minuteOfDay: number): boolean {
  const at = new Date(`${date}T00:00:00Z`);
  return (
    cron.year.has(at.getUTCFullYear()) &&
    cron.month.has(at.getUTCMonth() + 1) &&
    cron.day.has(at.getUTCDate()) &&
    cron.weekday.has(at.getUTCDay()) &&
    cron.hour.has(Math.floor(minuteOfDay / 60)) &&
    cron.minute.has(minuteOfDay % 60)
  );
}

function valuesOf(field: Field, text: string): ReadonlySet<number> | string {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [, from = '', to, step] = /^([^/-]+)(?:-([^/-]+))?(?:\/(\d+))?$/.exec(part) ?? [];
    if (from === '' || (from === '*' && to !== undefined)) {
      return 'expected *, a value, a range a-b, or either with a step /n, separated by commas';
    }
    const { min, max } = RANGES[field];
    const first = from === '*' ? min : valueOf(field, from);
    // A value with a step goes on to the end of its field.
    const last =
      to !== undefined
        ? valueOf(field, to)
        : from === '*' || step !== undefined
          ? max
          : (first ?? max);
    if (first === undefined || last === undefined) {
      return `expected ${min} to ${max}${NAMES[field] === undefined ? '' : ' or a name'}`;
    }
    if (last < first) return `the range ends before it begins`;
    if (step !== undefined && Number(step) < 1) return 'a step is at least 1';
    for (const one of valuesBetween({ min: first, max: last }, Number(step ?? 1))) values.add(one);
  }
  return values;
}

function valueOf(field: Field, text: string): number | undefined {
  const { min, max } = RANGES[field];
  const known = NAMES[field];
  if (known !== undefined && text.length >= known.least) {
    const at = known.names.split(' ').findIndex((name) => name.startsWith(text.toLowerCase()));
    if (at !== -1) return at;
  }
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function valuesBetween({ min, max }: Range, step: number): ReadonlySet<number> {
  const values = new Set<number>();
  for (let value = min; value <= max; value += step) values.add(value);
  return values;
}
