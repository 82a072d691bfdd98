import { expect, test } from '@jest/globals';

import { ownOwner } from '../../src/os/owner.ts';
import { goesOn } from '../../src/run/going-on.ts';

import type { RunRecord } from '../../src/model/run-record.ts';

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
  expect(await goesOn(elsewhere(), NOW)).toBe(true);
  expect(await goesOn(elsewhere({ started_at: '2026-11-19T11:00:00Z' }), NOW)).toBe(false);
});

test('a run that is over does not', async () => {
  expect(await goesOn(elsewhere({ state: 'closed' }), NOW)).toBe(false);
});
