/**
 * The AWS SDK, set up so that it does nothing by itself: no retries, no checksums that other services do not know. It
 * finds the credentials.
 */

import { S3Client } from '@aws-sdk/client-s3';

import { dateOf } from './s3-failure.ts';

import type { Told } from './objects.ts';
import type { S3Place } from './s3-place.ts';

const CONNECT_MS = 5_000;

/** Services that are not AWS take any region, and most people name none. */
const ANY_REGION = 'us-east-1';

/** A client for the place. Nothing is asked yet. */
export function makeClient({ endpoint, region, pathStyle }: S3Place, silenceMs: number): S3Client {
  // The SDK reads its variables itself; what follows from some of them it leaves to us.
  const { AWS_REGION: named, AWS_DEFAULT_REGION: usual } = process.env;
  const { AWS_ENDPOINT_URL_S3: ofS3, AWS_ENDPOINT_URL: ofAll } = process.env;
  const isAws = (endpoint ?? ofS3 ?? ofAll ?? '') === '';
  const where = region ?? named ?? usual ?? (isAws ? undefined : ANY_REGION);
  // It says to stderr which versions of Node.js its later releases will need: ours is pinned.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const client = new S3Client({
    ...(where === undefined ? {} : { region: where }),
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: pathStyle ?? !isAws,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: silenceMs },
  });
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { headers?: Record<string, string> };
      Object.assign((result.output as object as Dated).$metadata ?? {}, { date: dateOf(headers) });
      return result;
    },
    { step: 'deserialize', name: 'date', priority: 'high' },
  );
  return client;
}

type Dated = { readonly $metadata?: { readonly date?: number } };

/** The service's clock in an answer. */
export function toldBy(answer: object): Told['serverMs'] {
  return (answer as Dated).$metadata?.date;
}
