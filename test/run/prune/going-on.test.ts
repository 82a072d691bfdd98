import { expect, test } from '@jest/globals';

import { join } from 'node:path';

import { lockOut } from '../../../src/delivery/folder/out-lock.ts';
import { ownOwner } from '../../../src/os/owner.ts';
import { goesOn } from '../../../src/run/prune/going-on.ts';
import { withFolder } from '../../store/fixtures.ts';

import type { RunRecord } from '../../../src/model/run-record.ts';

const NOW = Date.parse('2026-11-27T12:00:00Z');

/** An open run of a process in another container on this machine. */
function elsewhere(more: Partial<RunRecord> = {}): RunRecord {
  const { host, boot } = ownOwner();
  return {
    ...{ run_id: 'run-1', job: 'j', profile: 'p', status: 'RUNNING', state: 'open' },
    ...{ pid: 1, pid_born: '1', pid_place: { host, boot, pidns: '1' } },
    ...{ started_at: '2026-11-27T11:00:00Z', out: '/nowhere/here/out' },
    ...more,
  } as unknown as RunRecord;
}

test('a run whose process and --out cannot be seen from here counts as going on, for a week', async () => {
  expect(await goesOn({ record: elsewhere() }, NOW)).toBe(true);
  const record = elsewhere({ started_at: '2026-11-19T11:00:00Z' });
  expect(await goesOn({ record }, NOW)).toBe(false);
});

test('a run on another machine does not end with what lies at the path of its --out here', () =>
  withFolder(async (folder) => {
    const out = join(folder, 'out');
    const lock = await lockOut(out, { runId: 'another', stateDir: folder });
    const place = { host: 'elsewhere', boot: 'another', pidns: '1' };
    expect(await goesOn({ record: elsewhere({ out, pid_place: place }) }, NOW)).toBe(true);
    // On this machine it says that the run has let go of it.
    expect(await goesOn({ record: elsewhere({ out }) }, NOW)).toBe(false);
    await lock.unlock({ keep: false });
    const own = await lockOut(out, { runId: 'run-1', stateDir: folder });
    const record = elsewhere({ out, pid_place: place, started_at: '2026-11-01T11:00:00Z' });
    expect(await goesOn({ record }, NOW)).toBe(true);
    await own.unlock({ keep: false });
  }));

test('a run that is over does not', async () => {
  expect(await goesOn({ record: elsewhere({ state: 'closed' }) }, NOW)).toBe(false);
});

test('a run of a service goes on without its command for a week after the last word of it, and with it as long as that lives', async () => {
  const dead = { pid: 999_999_999, pid_born: '1' };
  const record = elsewhere({
    ...dead,
    engine: { kind: 'service' } as NonNullable<RunRecord['engine']>,
    started_at: '2026-10-01T00:00:00Z',
    pid_place: placeOf(),
  });
  expect(await goesOn({ record, heardMs: Date.parse('2026-11-21T12:00:00Z') }, NOW)).toBe(true);
  expect(await goesOn({ record, heardMs: Date.parse('2026-11-20T11:00:00Z') }, NOW)).toBe(false);
  expect(await goesOn({ record }, NOW)).toBe(false);
  const { pid, born } = ownOwner();
  expect(await goesOn({ record: { ...record, pid, pid_born: born } }, NOW)).toBe(true);
});

function placeOf(): NonNullable<RunRecord['pid_place']> {
  const { pid: _, born: __, ...place } = ownOwner();
  return place;
}
