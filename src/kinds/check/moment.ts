/** Dates and points in time as options write them: ISO 8601, nothing else. Pure. */

/** A point on the clock: of UTC where it has a zone, else of no zone. Seconds since 1970. */
export type Moment = {
  readonly seconds: number;
  readonly nanos: number;
  readonly hasZone: boolean;
};

const MOMENT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:\s?(Z|[+-]\d\d(?::?\d\d)?))?)?$/i;

const DAY = 86_400;

/** The moment of a text such as `2024-01-31` (its first one) or `2024-01-31T10:00:00+02:00`; undefined for what is none. */
export function momentOf(text: string): Moment | undefined {
  const found = MOMENT.exec(text.trim());
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second] = found
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year!, month! - 1, day);
  const isReal = date.getUTCMonth() === month! - 1 && date.getUTCDate() === day;
  if (!isReal || year === 0 || hour! > 23 || minute! > 59 || second! > 59) return undefined;
  const zone = found[8];
  const offset = zone === undefined ? 0 : offsetSeconds(zone);
  if (offset === undefined) return undefined;
  return {
    seconds: date.getTime() / 1000 + hour! * 3600 + minute! * 60 + second! - offset,
    nanos: Number((found[7] ?? '').padEnd(9, '0')),
    hasZone: zone !== undefined,
  };
}

function offsetSeconds(zone: string): number | undefined {
  if (/^z$/i.test(zone)) return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || 0);
  if (hours > 18 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60);
}

/** The latest point of a clock with `digits` places of a second that is not after the moment. */
export function momentText(
  { seconds, nanos }: Moment,
  digits: 0 | 3 | 6 | 9,
): { readonly text: string; readonly exact: boolean } {
  const fraction = String(nanos).padStart(9, '0');
  return {
    text: `${clock(seconds)}${digits === 0 ? '' : `.${fraction.slice(0, digits)}`}`,
    exact: Number(fraction.slice(digits)) === 0,
  };
}

/** The day of the moment; exact if it is the first moment of that day. */
export function dayText({ seconds, nanos }: Moment): {
  readonly text: string;
  readonly exact: boolean;
} {
  return { text: clock(seconds).slice(0, 10), exact: seconds % DAY === 0 && nanos === 0 };
}

function clock(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}
