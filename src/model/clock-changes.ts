/** When the clocks of a time zone are changed: times of a day that do not exist, or are there twice. Pure. */

/** Local times of one day, in minutes of it: `from` up to, but not including, `to`. */
export type ClockChange = {
  readonly kind: 'gap' | 'twice';
  /** YYYY-MM-DD, by the zone's calendar. */
  readonly date: string;
  readonly from: number;
  readonly to: number;
};

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The changes in the days that follow a date, YYYY-MM-DD. @throws RangeError for an unknown zone */
export function clockChanges(timezone: string, after: string, days = 366): readonly ClockChange[] {
  const offsetAt = offsetsOf(timezone);
  const start = Date.parse(`${after}T00:00:00Z`);
  const changes: ClockChange[] = [];
  for (let day = 0; day < days; day += 1) {
    const [begin, end] = [start + day * DAY_MS, start + (day + 1) * DAY_MS];
    const [before, later] = [offsetAt(begin), offsetAt(end)];
    if (before !== later) changes.push(changeIn(begin, end, offsetAt));
  }
  return changes;
}

function changeIn(begin: number, end: number, offsetAt: (atMs: number) => number): ClockChange {
  const before = offsetAt(begin);
  let [low, high] = [begin, end];
  while (high - low > MINUTE_MS) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
    if (offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  const [old, fresh] = [high + before * MINUTE_MS, high + offsetAt(high) * MINUTE_MS];
  const first = Math.min(old, fresh);
  const date = new Date(first).toISOString().slice(0, 10);
  const from = Math.floor((first % DAY_MS) / MINUTE_MS);
  return {
    kind: fresh > old ? 'gap' : 'twice',
    date,
    from,
    to: from + Math.abs(fresh - old) / MINUTE_MS,
  };
}

/** Minutes that a zone is ahead of UTC at a moment. */
function offsetsOf(timezone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (atMs) => {
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const number = (name: string): number => Number(parts.get(name as 'year'));
    const local = Date.UTC(
      number('year'),
      number('month') - 1,
      number('day'),
      number('hour'),
      number('minute'),
    );
    return Math.round((local - Math.floor(atMs / MINUTE_MS) * MINUTE_MS) / MINUTE_MS);
  };
}
