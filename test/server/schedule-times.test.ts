import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';

import { firesFrom, parseCron } from '../../src/model/cron.ts';
import { temporalSchedule } from '../../src/run/schedules/temporal-schedule.ts';
import { withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

import type { Schedule } from '../../src/model/schedule.ts';

jest.setTimeout(120_000);

let client: Client;
let end: () => void;
let ended: Promise<void>;

beforeAll(async () => {
  const over = new Promise<void>((resolve) => (end = resolve));
  await new Promise<void>((resolve, reject) => {
    ended = withProject({}, (project) =>
      withService(project, async ({ address }) => {
        const connection = await Connection.connect({ address });
        client = new Client({ connection });
        resolve();
        await over;
        await connection.close();
      }),
    );
    ended.catch(reject);
  });
});

afterAll(async () => {
  end();
  await ended;
});

let number = 0;

/** Has Temporal take the schedule, and forgets it again. */
async function withSchedule<T>(
  when: Pick<Schedule, 'cron' | 'everyMs' | 'timezone'>,
  look: (id: string) => Promise<T>,
): Promise<T> {
  const schedule: Schedule = {
    ...when,
    overlap: 'skip',
    catchUpMs: 86_400_000,
    pauseOnFailure: false,
  };
  const declared = { job: 'j', jobPath: '/j.yaml', out: '/out', schedule };
  const order = { by: 'schedule', id: 'j', job: '/j.yaml', out: '/out' } as const;
  const id = `times-${(number += 1)}`;
  const options = temporalSchedule(declared, { id, taskQueue: 'nobody', order });
  const handle = await client.schedule.create({ scheduleId: id, ...options });
  try {
    return await look(id);
  } finally {
    await handle.delete();
  }
}

/** Times that it is due, as a clock of Amsterdam shows them. */
async function due(
  when: Pick<Schedule, 'cron' | 'everyMs' | 'timezone'>,
  from: string,
  to: string,
): Promise<readonly string[]> {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: 'Europe/Amsterdam',
    dateStyle: 'short',
    timeStyle: 'short',
  });
  return withSchedule(when, async (scheduleId) => {
    const asked: Promise<{ readonly startTime?: Parameters<typeof tsToMs>[0][] | null }> =
      client.workflowService.listScheduleMatchingTimes({
        namespace: 'default',
        scheduleId,
        startTime: msToTs(Date.parse(from)),
        endTime: msToTs(Date.parse(to)),
      });
    const { startTime } = await asked;
    return (startTime ?? []).map((time) => format.format(new Date(tsToMs(time))));
  });
}

const SPRING = ['2027-03-26T23:30:00Z', '2027-03-29T22:00:00Z'] as const;
const AUTUMN = ['2027-10-29T22:30:00Z', '2027-11-01T22:59:00Z'] as const;
const nightly = { cron: ['15 3 * * *'], timezone: 'Europe/Amsterdam' };

describe('over the changes of the clock in Amsterdam', () => {
  test('a nightly job runs once each night, at its hour', async () => {
    expect(await due(nightly, ...SPRING)).toEqual([
      '2027-03-27 03:15',
      '2027-03-28 03:15',
      '2027-03-29 03:15',
    ]);
    expect(await due(nightly, ...AUTUMN)).toEqual([
      '2027-10-30 03:15',
      '2027-10-31 03:15',
      '2027-11-01 03:15',
    ]);
  });

  test('a time that a day does not have is left out, and that alone', async () => {
    const early = { ...nightly, cron: ['30 2 * * *'] };
    expect(await due(early, ...SPRING)).toEqual(['2027-03-27 02:30', '2027-03-29 02:30']);
  });

  test.each([SPRING, AUTUMN])(
    'what is counted in UTC comes every hour, no more and no fewer',
    async (from, to) => {
      const hours =
        Math.floor(Date.parse(to) / 3_600_000) - Math.floor(Date.parse(from) / 3_600_000);
      const every = await due({ everyMs: 3_600_000, timezone: 'UTC' }, from, to);
      expect(every).toHaveLength(hours);
      expect(await due({ cron: ['0 * * * *'], timezone: 'UTC' }, from, to)).toEqual(every);
    },
  );
});

describe('Temporal takes and refuses what the check does', () => {
  const LINES = [
    '15 3 * * *',
    '*/20 3-5 1,15 jan-mar mon-fri',
    '0 0 * * 7',
    '0 0 * * 5-7',
    '0 0 29 feb sun',
    '@weekly',
    '*/15 * * * * * *',
    '0 0 1 1 * 2030/30',
    '0 24 * * *',
    '61 3 * * *',
    '0 3 0 * *',
    '0 3 * foo *',
    '0 3 * * 8',
    '30-10 3 * * *',
    '*/0 3 * * *',
    '? 3 * * *',
    '0 3 L * *',
    '0 3 * * mon-sun',
    '0 3 * *',
  ];
  test.each(LINES)('%s', async (line) => {
    const isTaken = !('wrong' in parseCron(line));
    const taken = withSchedule({ cron: [line], timezone: 'UTC' }, async () => true);
    expect(await taken.catch(() => false)).toBe(isTaken);
  });

  test.each([
    '0 0 30 2 *',
    '0 0 29 2 * 2027',
    '0 0 1 1 mon 2027',
    '0 0 29 2 *',
    '0 0 1 1 fri 2027',
  ])('whether %s ever comes', async (line) => {
    const cron = parseCron(line);
    const comes = !('wrong' in cron) && firesFrom(cron, 2026);
    const next = await withSchedule({ cron: [line], timezone: 'UTC' }, async (id) => {
      const { info } = await client.schedule.getHandle(id).describe();
      return info.nextActionTimes;
    });
    expect(next.length > 0).toBe(comes);
  });

  test.each(['Europe/Amsterdam', 'Asia/Calcutta', 'europe/amsterdam', '+02:00', 'Mars/Base'])(
    'the zone %s',
    async (timezone) => {
      const taken = withSchedule({ cron: ['0 0 * * *'], timezone }, async () => true);
      expect(await taken.catch(() => false)).toBe(/^(Europe|Asia)\//.test(timezone));
    },
  );
});
