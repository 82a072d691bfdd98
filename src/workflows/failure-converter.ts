/** How failures of workflows are written; part of the bundle, whose code has no other settings than its own text. */

import { DefaultFailureConverter } from '@temporalio/common';

/** The build makes a second bundle, with another word here, for workers that encrypt: see `scripts/build.mjs`. */
const FAILURES: string = 'builder_cli: failures in clear';

export const failureConverter = new DefaultFailureConverter({
  encodeCommonAttributes: !FAILURES.endsWith('in clear'),
});
