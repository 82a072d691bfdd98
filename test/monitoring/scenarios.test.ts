import { test } from '@jest/globals';

import { playOn } from './harness/stage.ts';
import { SCENARIOS } from './scenarios/index.ts';

test.each(SCENARIOS)('$name: $claim', (scenario) => playOn(scenario));
