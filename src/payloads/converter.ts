/** What clients and workers are given so that payloads, and the messages of failures, are encrypted. */

import { fileURLToPath } from 'node:url';

import { makePayloadCodec } from './codec.ts';

import type { DataConverter } from '@temporalio/common';
import type { PayloadKeys } from './keys.ts';

/** Without a key to encrypt with all is sent in clear; a payload that cannot be read gives a clear error. */
export function dataConverterOf(keys: PayloadKeys): DataConverter {
  const path = fileURLToPath(new URL('./encoded-failures.js', import.meta.url));
  return {
    payloadCodecs: [makePayloadCodec(keys)],
    ...(keys.own === undefined ? {} : { failureConverterPath: path }),
  };
}
