import { expect, test } from '@jest/globals';

import { lineOf, playCampaign } from './campaign/campaign.ts';

import type { CaseReport } from './campaign/case.ts';

/** Chosen for what they do: a kill at once and litter in the journal; a frozen command; everything killed late. */
const SEEDS = [5, 6, 10];
/** A worker of a fleet is killed, another step's command frozen. */
const FLEET_SEEDS = [2];

function expectQuiet(reports: readonly CaseReport[]): void {
  const bad = reports.filter(({ violations }) => violations.length > 0);
  expect(bad.map((report) => `${lineOf(report)}\n${report.said}`)).toEqual([]);
}

test('seeded faults one after the other leave nothing wrong behind', async () => {
  const reports = await playCampaign({ seeds: SEEDS, kind: 'embedded' }, () => undefined);
  expectQuiet(reports);
  expect(reports.reduce((sum, { faultsThatHit }) => sum + faultsThatHit, 0)).toBeGreaterThan(2);
}, 240_000);

test('a fleet whose workers, service or commands are struck leaves nothing wrong behind', async () => {
  expectQuiet(await playCampaign({ seeds: FLEET_SEEDS, kind: 'fleet' }, () => undefined));
}, 240_000);
