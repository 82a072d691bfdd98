/** Partitions: the slices of a job, by calendar or from a list, and which of them a moment or a text means. Pure. */

/** Calendar periods that a job can be cut by. */
export const PERIODS = ['day', 'week', 'month', 'year'] as const;
export type Period = (typeof PERIODS)[number];

/** One slice of a job. What is cut by the calendar has a first day, and the day after its last one (YYYY-MM-DD). */
export type Partition = {
  readonly id: string;
  readonly start?: string;
  readonly end?: string;
};

/** How a job is cut. */
export type Partitioning =
  | {
      readonly by: Period;
      /** The first partition. */
      readonly first: Partition;
      /** The last one; absent: there is always a next. */
      readonly last?: Partition;
    }
  | { readonly by: 'list'; readonly ids: readonly string[] };

/** What an id of each period looks like. */
export const ID_FORMS: Readonly<Record<Period, string>> = Object.freeze({
  day: '2026-10-31',
  week: '2026-W44',
  month: '2026-10',
  year: '2026',
});

const DAY_MS = 86_400_000;

/** The date, YYYY-MM-DD, that a time zone's calendars show at a moment. @throws RangeError for an unknown zone */
export function dateIn(timezone: string, atMs: number): string {
  const parts = new Intl.DateTimeFormat('en-US-u-ca-iso8601', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(atMs);
  const part = (wanted: string): string => parts.find(({ type }) => type === wanted)?.value ?? '';
  return `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`;
}

/** True for the name of a zone of the IANA database. */
export function isTimezone(name: string): boolean {
  try {
    return dateIn(name, 0) !== '';
  } catch {
    return false;
  }
}

/** The partition of a period that a date, YYYY-MM-DD, lies in. */
export function partitionAt(by: Period, date: string): Partition {
  const day = daysOf(date);
  const at = new Date(day * DAY_MS);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  switch (by) {
    case 'day':
      return { id: date, start: date, end: dateOf(day + 1) };
    case 'week': {
      const monday = day - ((at.getUTCDay() + 6) % 7);
      return { id: weekId(monday), start: dateOf(monday), end: dateOf(monday + 7) };
    }
    case 'month':
      return {
        id: date.slice(0, 7),
        start: `${date.slice(0, 7)}-01`,
        end: firstOf(month === 11 ? year + 1 : year, (month + 1) % 12),
      };
    case 'year':
      return {
        id: date.slice(0, 4),
        start: `${date.slice(0, 4)}-01-01`,
        end: firstOf(year + 1, 0),
      };
  }
}

/** The partition of this id; undefined if there is none of that name in the calendar. */
export function partitionOf(by: Period, id: string): Partition | undefined {
  const start = startOf(by, id);
  if (start === undefined) return undefined;
  const found = partitionAt(by, start);
  // A year has four digits, the one after the last day, too.
  return found.id === id && isDate(found.end ?? '') ? found : undefined;
}

/** The next one. */
export function partitionAfter(by: Period, { end = '' }: Partition): Partition {
  return partitionAt(by, end);
}

/** Those that are over on a date, oldest first; all of a list. */
export function endedPartitions(how: Partitioning, today: string): readonly Partition[] {
  if (how.by === 'list') return how.ids.map((id) => ({ id }));
  const ended: Partition[] = [];
  for (
    let next = how.first;
    next.end! <= today && !isPast(how, next);
    next = partitionAfter(how.by, next)
  ) {
    ended.push(next);
  }
  return ended;
}

/** The newest that is over on a date; undefined if none is. */
export function latestPartition(how: Partitioning, today: string): Partition | undefined {
  if (how.by === 'list') return undefined;
  const { last, first, by } = how;
  if (last !== undefined && last.end! <= today) return last;
  const before = partitionAt(by, dateOf(daysOf(partitionAt(by, today).start!) - 1));
  return before.start! < first.start! ? undefined : before;
}

/** The one before the latest; undefined if there is none. */
export function previousPartition(how: Partitioning, today: string): Partition | undefined {
  const latest = latestPartition(how, today);
  if (how.by === 'list' || latest === undefined || latest.start! <= how.first.start!) {
    return undefined;
  }
  return partitionAt(how.by, dateOf(daysOf(latest.start!) - 1));
}

/** The partition of this id, or why the job has none. */
export function findPartition(
  how: Partitioning,
  id: string,
  today: string,
): Partition | { readonly wrong: string } {
  if (how.by === 'list') {
    return how.ids.includes(id) ? { id } : { wrong: `there are ${cut(how.ids)}` };
  }
  const found = partitionOf(how.by, id);
  if (found === undefined) return { wrong: `a ${how.by} is written like ${ID_FORMS[how.by]}` };
  if (found.start! < how.first.start!) return { wrong: `the first one is ${how.first.id}` };
  if (isPast(how, found)) return { wrong: `the last one is ${how.last?.id}` };
  if (found.start! > today) return { wrong: `it begins on ${found.start}, and today is ${today}` };
  return found;
}

/** True for a name that can be a folder beside a manifest, and that no word of the command line takes. */
export function isPartitionName(id: string): boolean {
  return (
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(id) &&
    !/\.json$|^(latest|previous|missing|all)$/i.test(id)
  );
}

function isPast(how: Exclude<Partitioning, { by: 'list' }>, { start = '' }: Partition): boolean {
  return how.last !== undefined && start > how.last.start!;
}

function startOf(by: Period, id: string): string | undefined {
  switch (by) {
    case 'day':
      return isDate(id) ? id : undefined;
    case 'week':
      return mondayOf(id);
    case 'month':
      return isDate(`${id}-01`) ? `${id}-01` : undefined;
    case 'year':
      return isDate(`${id}-01-01`) ? `${id}-01-01` : undefined;
  }
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && dateOf(daysOf(text)) === text;
}

/** A week belongs to the year that its Thursday lies in (ISO 8601). */
function weekId(monday: number): string {
  const year = new Date((monday + 3) * DAY_MS).getUTCFullYear();
  const number = (monday - firstMonday(year)) / 7 + 1;
  return `${String(year).padStart(4, '0')}-W${String(number).padStart(2, '0')}`;
}

function mondayOf(id: string): string | undefined {
  const [, year, week] = /^(\d{4})-W(\d{2})$/.exec(id) ?? [];
  if (year === undefined || week === undefined) return undefined;
  return dateOf(firstMonday(Number(year)) + (Number(week) - 1) * 7);
}

/** The Monday of the week that holds January 4th. */
function firstMonday(year: number): number {
  const fourth = daysOf(`${String(year).padStart(4, '0')}-01-04`);
  return fourth - ((new Date(fourth * DAY_MS).getUTCDay() + 6) % 7);
}

/** Days since 1970-01-01. NaN for no date. */
function daysOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY_MS;
}

function dateOf(day: number): string {
  return Number.isFinite(day) ? new Date(day * DAY_MS).toISOString().slice(0, 10) : '';
}

function firstOf(year: number, month: number): string {
  return `${String(year).padStart(4, '0')}-${String(month + 1).padStart(2, '0')}-01`;
}

function cut(ids: readonly string[]): string {
  return ids.length <= 12 ? ids.join(', ') : `${ids.slice(0, 12).join(', ')}, ... (${ids.length})`;
}
