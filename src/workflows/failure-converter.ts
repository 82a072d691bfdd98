/** How failures of workflows are written; part of the bundle, whose code has no other settings than its own text. */

import { DefaultFailureConverter } from '@temporalio/common';

/** A worker that encrypts puts another word here before it runs the bundle: see `payloads/converter.ts`. */
const FAILURES: string = 'builder_cli: failures in clear';

export const failureConverter = new DefaultFailureConverter({
  encodeCommonAttributes: !FAILURES.endsWith('in clear'),
});
