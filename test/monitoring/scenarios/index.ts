/** Every scenario. An expression that none of these fills, or one that the healthy one fills wrongly, is a mistake. */

import * as cron from './cron.ts';
import * as disk from './disk.ts';
import * as fleet from './fleet.ts';
import * as many from './many.ts';
import * as oneShot from './one-shot.ts';
import * as schedules from './schedules.ts';
import * as statuses from './statuses.ts';
import * as telemetry from './telemetry.ts';
import * as time from './time.ts';

import type { Scenario } from './scenario.ts';

export const SCENARIOS: readonly Scenario[] = Object.freeze(
  [cron, disk, fleet, many, oneShot, schedules, statuses, time, telemetry].flatMap((file) =>
    Object.values(file),
  ),
);
