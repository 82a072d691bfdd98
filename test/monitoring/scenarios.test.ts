import { test } from '@jest/globals';

import { playOn } from './harness/stage.ts';
import {
  firstFailureEver,
  failureBeforeTheFirstScrape,
  twoFailuresInARow,
} from './scenarios/one-shot.ts';

test.each([firstFailureEver, failureBeforeTheFirstScrape, twoFailuresInARow])('$name', (s) =>
  playOn(s),
);
