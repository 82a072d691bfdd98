/** The schedule of a job: when it is made by itself, and what of it. Firing is Temporal's, and so is the last word. Pure. */

import { clockChanges } from '../model/clock-changes.ts';
import { firesAt, firesFrom, parseCron } from '../model/cron.ts';
import { durationMs } from '../model/duration.ts';
import { findPartition, isTimezone } from '../model/partition.ts';
import { MAKE_WORDS, SCHEDULE_DEFAULTS } from '../model/schedule.ts';
import { scheduleSchema } from './job.ts';
import { child, itemsOf, textOf } from './located.ts';
import { shapeOf } from './shape-problems.ts';

import type { Cron } from '../model/cron.ts';
import type { Problem } from '../model/errors.ts';
import type { Schedule } from '../model/schedule.ts';
import type { CheckedPartition } from './check-partition.ts';
import type { Located, LocatedMap } from './located.ts';

export type CheckedSchedule = {
  /** Undefined: the job has none, or it is wrong. */
  readonly schedule?: Schedule;
  readonly problems: readonly Problem[];
  /** What is right, and may surprise. */
  readonly remarks: readonly string[];
};

type Refuse = (key: string, message: string, at?: Located) => void;

/** What a job says of its schedule, or what is wrong with it beyond its shape, which is checked with the whole file. */
export function checkSchedule(
  root: LocatedMap | undefined,
  cut: Pick<CheckedPartition, 'partitioning' | 'partition' | 'today'>,
): CheckedSchedule {
  const located = child(root, 'schedule');
  if (located === undefined) return { problems: [], remarks: [] };
  const shape = shapeOf(scheduleSchema, located, { what: '' });
  if (shape.value === undefined) return { problems: [], remarks: [] };
  const given = shape.value;
  const problems: Problem[] = [];
  const refuse: Refuse = (key, message, at = child(located, key) ?? located) => {
    problems.push({ code: 'BAD_VALUE', ...at.at, message: `schedule.${key}: ${message}` });
  };

  const lines = cronOf(located, cut.today, refuse);
  const everyMs = given.every === undefined ? undefined : durationMs(given.every);
  if (given.cron === undefined && given.every === undefined) {
    const message = "schedule: it says not when; expected 'cron' or 'every'";
    problems.push({ code: 'MISSING_KEY', ...located.at, message });
  }
  if (given.cron !== undefined && given.every !== undefined) {
    refuse('every', "it stands beside 'cron'; one of them says when");
  }
  if ((everyMs ?? 0) % 1_000 !== 0) refuse('every', 'expected whole seconds');
  const timezone = zoneOf(located, root, refuse);
  const make = makeOf(located, cut, refuse);
  if (problems.length > 0) return { problems, remarks: [] };
  const jitterMs = durationMs(given.jitter ?? '0s') ?? 0;
  return {
    schedule: {
      ...(lines.length === 0 ? {} : { cron: lines.map(({ line }) => line) }),
      ...(everyMs === undefined ? {} : { everyMs }),
      timezone,
      overlap: given.overlap ?? SCHEDULE_DEFAULTS.overlap,
      catchUpMs: durationMs(given.catch_up ?? SCHEDULE_DEFAULTS.catch_up) ?? 0,
      ...(jitterMs === 0 ? {} : { jitterMs }),
      pauseOnFailure: given.pause_on_failure ?? SCHEDULE_DEFAULTS.pause_on_failure,
      ...(make === undefined ? {} : { make }),
      ...(given.profile === undefined ? {} : { profile: given.profile }),
      ...(given.out === undefined ? {} : { out: given.out }),
    },
    problems,
    remarks: lines.flatMap(({ line, cron }) => clockRemarks(line, cron, timezone, cut.today)),
  };
}

type Line = { readonly line: string; readonly cron: Cron };

function cronOf(located: Located, today: string, refuse: Refuse): readonly Line[] {
  const written = child(located, 'cron');
  if (written === undefined) return [];
  return (written.kind === 'list' ? itemsOf(written) : [written]).flatMap((each) => {
    const line = (textOf(each) ?? '').trim();
    const cron = parseCron(line);
    if ('wrong' in cron) {
      refuse('cron', cron.wrong, each);
      return [];
    }
    if (!firesFrom(cron, Number(today.slice(0, 4)))) {
      refuse('cron', `'${line}' never fires: there is no such day to come`, each);
    }
    return [{ line, cron }];
  });
}

function zoneOf(located: Located, root: LocatedMap | undefined, refuse: Refuse): string {
  const own = child(located, 'timezone');
  const inherited = textOf(child(child(root, 'partition'), 'timezone'));
  // An interval is counted in UTC, and knows no clock.
  if (child(located, 'every') !== undefined) {
    if (own !== undefined) refuse('timezone', "it belongs to 'cron'; 'every' is counted in UTC");
    return 'UTC';
  }
  const zone = textOf(own) ?? inherited ?? 'UTC';
  const known = knownZone(zone);
  if (known !== zone) {
    // One of the partition that does not exist is said there.
    if (own !== undefined || known !== undefined) {
      const meant = known === undefined ? 'one is like Europe/Amsterdam' : `it is written ${known}`;
      refuse('timezone', `there is no time zone '${zone}'; ${meant}`);
    }
    return 'UTC';
  }
  return zone;
}

/** The name as Temporal finds it: a zone, no offset, in the right letters. */
function knownZone(zone: string): string | undefined {
  if (!/^[A-Za-z]/.test(zone) || !isTimezone(zone)) return undefined;
  const { timeZone } = new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions();
  return timeZone.toLowerCase() === zone.toLowerCase() ? timeZone : zone;
}

function makeOf(
  located: Located,
  { partitioning: how, partition }: Parameters<typeof checkSchedule>[1],
  refuse: Refuse,
): readonly string[] | undefined {
  const written = child(located, 'make');
  if (how === undefined) {
    // One that is cut, but wrongly, is said there.
    if (written !== undefined && partition === undefined) {
      refuse('make', "the job has no key 'partition', so it is made as a whole");
    }
    return undefined;
  }
  if (written === undefined) return [how.by === 'list' ? 'all' : 'latest'];
  const words: string[] = [];
  for (const each of written.kind === 'list' ? itemsOf(written) : [written]) {
    const word = each.kind === 'scalar' ? (each.written ?? String(each.value)) : '';
    if (words.includes(word)) refuse('make', `'${word}' stands there twice`, each);
    words.push(word);
    if (MAKE_WORDS.some((one) => one === word)) {
      if (how.by === 'list' && (word === 'latest' || word === 'previous')) {
        refuse('make', `a list has no ${word} one; expected all, missing, or ids`, each);
      }
      continue;
    }
    // One that begins later will be there when the run is due.
    const found = findPartition(how, word, '9999-12-31');
    if ('wrong' in found) {
      const or = how.by === 'list' ? 'all, missing' : MAKE_WORDS.join(', ');
      refuse('make', `there is no partition '${word}': ${found.wrong}; or ${or}`, each);
    }
  }
  return words;
}

/** What the changes of the clock in the coming year do to a line. Seen on Temporal: it does not keep to the hour that comes twice. */
function clockRemarks(line: string, cron: Cron, zone: string, today: string): readonly string[] {
  return clockChanges(zone, today).flatMap(({ kind, date, from, to }) => {
    const minutes = Array.from({ length: to - from }, (_, i) => from + i);
    const hit = minutes.find((minute) => firesAt(cron, date, minute));
    if (hit === undefined) return [];
    if (kind === 'twice') {
      return [
        `'${line}': the time from ${clock(from)} to ${clock(to)} comes twice on ${date} in ${zone}, and runs in it may come once, twice or late`,
      ];
    }
    // What fires in the hour after, too, is made all day long.
    if (firesAt(cron, date, hit + (to - from))) return [];
    return [`'${line}': ${clock(hit)} does not exist on ${date} in ${zone}, so there is no run`];
  });
}

/** 02:30 of minutes of the day. */
function clock(minute: number): string {
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${pad(Math.floor(minute / 60))}:${pad(minute % 60)}`;
}
