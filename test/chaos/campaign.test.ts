import { expect, test } from '@jest/globals';

import { lineOf, playCampaign } from './campaign/campaign.ts';

/** Chosen for what they do: a kill at once and litter in the journal; a frozen command; everything killed late. */
const SEEDS = [5, 6, 10];

test('seeded faults one after the other leave nothing wrong behind', async () => {
  const reports = await playCampaign({ seeds: SEEDS, kind: 'embedded' }, () => undefined);
  const bad = reports.filter(({ violations }) => violations.length > 0);
  expect(bad.map((report) => `${lineOf(report)}\n${report.said}`)).toEqual([]);
  expect(reports.reduce((sum, { faultsThatHit }) => sum + faultsThatHit, 0)).toBeGreaterThan(2);
}, 240_000);
