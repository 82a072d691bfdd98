/** What clients and workers are given so that payloads, and the messages of failures, are encrypted. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { makePayloadCodec } from './codec.ts';

import type { DataConverter } from '@temporalio/common';
import type { PayloadKeys } from './keys.ts';

const IN_CLEAR = 'builder_cli: failures in clear';
const ENCODED = 'builder_cli: failures encoded';

/** Without a key to encrypt with all is sent in clear; a payload that cannot be read gives a clear error. */
export function dataConverterOf(keys: PayloadKeys): DataConverter {
  const path = fileURLToPath(new URL('./encoded-failures.js', import.meta.url));
  return {
    payloadCodecs: [makePayloadCodec(keys)],
    ...(keys.own === undefined ? {} : { failureConverterPath: path }),
  };
}

/** The workflow bundle as a worker with these keys runs it. */
export function workflowCode(
  codePath: string,
  { own }: PayloadKeys,
): { readonly codePath: string } | { readonly code: string } {
  if (own === undefined) return { codePath };
  const code = readFileSync(codePath, 'utf8');
  if (!code.includes(IN_CLEAR)) throw new Error(`${codePath} does not say how it writes failures`);
  return { code: code.replace(IN_CLEAR, ENCODED) };
}
