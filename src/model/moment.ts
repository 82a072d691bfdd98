/** Dates and times as conditions compare them: ISO notations, by the moment they name. Pure. */

/** `ns` counts from 1970; of a time without a zone, as its clock shows it: comparable only with its like. */
export type Moment = { readonly ns: bigint; readonly hasZone: boolean };

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** The moment that a text such as `2026-03-01`, `2026-03-01 07:30` or `2026-03-01T07:30:00.5+01:00` names; undefined: it names none. */
export function momentOf(text: string): Moment | undefined {
  const found = ISO.exec(text);
  if (found === null) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = found;
  const parts = [year, month, day, hour, minute, second].map(Number) as [
    ...[number, number, number, number, number, number],
  ];
  const ms = Date.UTC(parts[0], parts[1] - 1, parts[2], parts[3], parts[4], parts[5]);
  const date = new Date(ms);
  const again = [
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
  ];
  // 2026-02-30 and 25:00 are no moments; of years below 100 the clock of JavaScript makes others.
  if (date.getUTCFullYear() !== parts[0] || again.some((part, i) => part !== parts[i + 1])) {
    return undefined;
  }
  if (parts[5] > 59) return undefined;
  const ns = BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
  return { ns: ns - offsetNs(zone), hasZone: zone !== undefined };
}

/** Negative: the first is earlier; undefined: they cannot be compared. */
export function compareMoments(a: Moment, b: Moment): number | undefined {
  if (a.hasZone !== b.hasZone) return undefined;
  return a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0;
}

function offsetNs(zone: string | undefined): bigint {
  if (zone === undefined || zone === 'Z') return 0n;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return BigInt(minutes) * 60_000_000_000n * (zone.startsWith('-') ? -1n : 1n);
}
