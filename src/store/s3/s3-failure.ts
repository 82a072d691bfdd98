/** What a failing request to an S3 service means: to be made again, or to be said in clear words. Pure. */

import { UserError } from '../../model/errors.ts';
import { shownPlace } from './s3-place.ts';

import type { S3Place } from './s3-place.ts';

type Failure = {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: {
    readonly statusCode?: number;
    readonly headers?: Readonly<Record<string, string>>;
  };
};

/** Names that say more than the number of their answer. */
const PASSING = new Set([
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'ConditionalRequestConflict',
  'OperationAborted',
  'SlowDown',
  'TooManyRequests',
  'ThrottlingException',
  'Throttling',
  'TimeoutError',
  'IncompleteBody',
]);
const LASTING_500 = new Set([501, 505, 507]);
const FULL = new Set(['QuotaExceeded', 'XMinioStorageFull', 'NoSpaceLeftOnDevice']);

/** The number of the answer; undefined where none came. */
export function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = (error ?? {}) as Failure;
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

/** The service's clock in an answer. */
export function serverMsOf(error: unknown): number | undefined {
  return dateOf(((error ?? {}) as Failure).$response?.headers);
}

/** The clock in the headers of an answer. */
export function dateOf(headers: Readonly<Record<string, string>> | undefined): number | undefined {
  const ms = Date.parse(headers?.['date'] ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

/** True if the key was taken: by another one, or by the same request made before. */
export function isTaken(error: unknown): boolean {
  return statusOf(error) === 412;
}

/** True if there is no such object. A missing bucket is another matter. */
export function isAbsent(error: unknown): boolean {
  const { name } = (error ?? {}) as Failure;
  return statusOf(error) === 404 && name !== 'NoSuchBucket';
}

/** True if no credentials were found, whatever stands in the way: also the service that gives them may be away. */
export function isWithoutCredentials(error: unknown): boolean {
  return ((error ?? {}) as Failure).name?.startsWith('Credentials') === true;
}

/** True if the same request may be answered when it is made again. */
export function isPassing(error: unknown): boolean {
  const { name = '', message = '' } = (error ?? {}) as Failure;
  if (error instanceof UserError || isWithoutCredentials(error) || FULL.has(name)) return false;
  const status = statusOf(error);
  if (PASSING.has(name) || status === 429) return true;
  // An answer that was cut off may have begun well.
  if (status === undefined || status < 300) return !isWithoutRegion(message);
  return status >= 500 && !LASTING_500.has(status);
}

/** The failure in words for the person in front of it. */
export function explainS3(error: unknown, place: S3Place): unknown {
  if (error instanceof UserError) return error;
  const { name = 'Error', message = '', code } = (error ?? {}) as Failure;
  const status = statusOf(error);
  const shown = shownPlace(place);
  const at = place.endpoint === undefined ? '' : ` at ${place.endpoint}`;
  const said = `${code ?? name}${status === undefined ? '' : `, ${status}`}`;
  if (name === 'NoSuchBucket') {
    return new UserError('STORE_NOT_FOUND', `there is no bucket '${place.bucket}'${at}`, {
      hint: 'Make the bucket, or mend the name after s3://. The store itself is made by the first run.',
      cause: error,
    });
  }
  if (isWithoutCredentials(error)) {
    return new UserError('STORE_REFUSED', `no credentials for the store ${shown}: ${message}`, {
      hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile in AWS_PROFILE, or give the machine a role.',
      cause: error,
    });
  }
  if (isWithoutRegion(message)) {
    return new UserError(
      'STORE_REFUSED',
      `the region of the bucket '${place.bucket}' is not known`,
      {
        hint: 'Write it behind the address of the store, as ?region=eu-central-1, or set AWS_REGION.',
        cause: error,
      },
    );
  }
  if (FULL.has(name) || status === 507) {
    return new UserError('OUT_OF_SPACE', `the store ${shown}${at} is full (${said})`, {
      hint: 'Free some space there, then resume; what was stored before is intact.',
      cause: error,
    });
  }
  if (status === 501) {
    const what = `the service of the store ${shown}${at} cannot do what a store needs (${said})`;
    return new UserError('STORE_UNFIT', what, { hint: UNFIT_HINT, cause: error });
  }
  if (status !== undefined && status >= 300 && status < 500 && !isPassing(error)) {
    return new UserError('STORE_REFUSED', `the store ${shown}${at} refuses (${said})`, {
      hint: hintOf(name, status),
      cause: error,
    });
  }
  if (name === 'RequestTimeTooSkewed') {
    const what = `the clock of this machine and that of the store ${shown}${at} differ too much (${said})`;
    return new UserError('STORE_UNREACHABLE', what, {
      ...{ exitCode: 1, hint: 'Set the clock of this machine, then try again.', cause: error },
    });
  }
  if (isPassing(error)) {
    return new UserError('STORE_UNREACHABLE', `the store ${shown}${at} does not answer (${said})`, {
      exitCode: 1,
      hint: 'What was stored before is intact: once the service answers, the same command goes on.',
      cause: error,
    });
  }
  return error;
}

function isWithoutRegion(message: string): boolean {
  return /region is missing/i.test(message);
}

export const UNFIT_HINT =
  'It has to honour `If-None-Match: *` on PUT, as AWS S3, MinIO, Cloudflare R2, Ceph and versitygw do.';

function hintOf(name: string, status: number): string {
  if (name === 'InvalidAccessKeyId' || name === 'SignatureDoesNotMatch')
    return 'The access key or its secret is wrong for this service.';
  if (name === 'ExpiredToken' || name === 'InvalidToken')
    return 'Sign in again: the session is over.';
  if (name === 'AuthorizationHeaderMalformed' || name === 'PermanentRedirect' || status === 301)
    return 'The bucket is in another region: write it behind the address of the store, as ?region=eu-central-1.';
  return 'The credentials need the actions that docs/s3-store.md lists, on the bucket and on what lies in it.';
}
