/** Loaded by the SDK, by its path: puts message and stack of a failure where the codec reaches them. */

import { DefaultFailureConverter } from '@temporalio/common';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
