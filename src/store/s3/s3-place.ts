/**
 * Where a store of S3 lies, as people write it: `s3://bucket/prefix?endpoint=https://host:9000&region=eu-central-1`.
 * Pure. No credentials stand in it: they come from where the tools of AWS look for them.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { UserError } from '../../model/errors.ts';
import { parseSize } from '../../model/size.ts';

export type S3Place = {
  /** As it was written. */
  readonly url: string;
  readonly bucket: string;
  /** Before every key; empty, or ending with a slash. */
  readonly prefix: string;
  /** Of a service that is not AWS; absent: as the environment says. */
  readonly endpoint?: string;
  readonly region?: string;
  /** How the bucket is named in requests; absent: by host with AWS, by path with another endpoint. */
  readonly pathStyle?: boolean;
  /** Most that the local copies of artifacts take. */
  readonly cacheBytes: number;
  /** Tells it apart from every other, and may be the name of a folder. */
  readonly name: string;
};

const DEFAULT_CACHE = '20GB';
const KNOWN = new Set(['endpoint', 'region', 'path_style', 'cache']);

/** True for the address of such a store; anything else is a folder. */
export function isS3(root: string): boolean {
  return /^s3:/i.test(root);
}

/** @throws UserError BAD_USAGE for an address that is none */
export function parseS3Place(text: string): S3Place {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== 's3:' || url.hostname === '') throw bad(text);
  if (url.username !== '' || url.password !== '') {
    throw new UserError('BAD_USAGE', 'the address of the store has credentials in it', {
      hint: 'Leave them out: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a role name them.',
    });
  }
  const path = plainly(url.pathname);
  if (path === undefined) throw bad('s3://...', 'its prefix has a % in it that stands for nothing');
  const unknown = [...url.searchParams.keys()].find((key) => !KNOWN.has(key));
  if (unknown !== undefined)
    throw bad(`s3://${url.hostname}${url.pathname}`, `it knows no '${unknown}'`);
  const endpoint = url.searchParams.get('endpoint') ?? undefined;
  if (endpoint !== undefined && !/^https?:\/\/[^/@]+\/?$/.test(endpoint)) {
    throw bad(text, 'its endpoint is no http or https address of a server');
  }
  const region = url.searchParams.get('region') ?? undefined;
  const pathStyle = url.searchParams.get('path_style');
  const prefix = path === '' ? '' : `${path}/`;
  const parts = [url.hostname, prefix, endpoint ?? '', region ?? ''];
  const hash = createHash('sha256').update(parts.join('\n')).digest('hex');
  return {
    ...{ url: text, bucket: url.hostname, prefix },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(pathStyle === null ? {} : { pathStyle: pathStyle !== 'false' }),
    cacheBytes: parseSize(url.searchParams.get('cache') ?? DEFAULT_CACHE),
    name: `${url.hostname}-${hash.slice(0, 12)}`,
  };
}

/** Where the copies of a store lie on this machine. */
export function cacheOf(stateDir: string, place: Pick<S3Place, 'name'>): string {
  return join(stateDir, 'store-cache', place.name);
}

/** For people: without what only the machine needs. */
export function shownPlace({ bucket, prefix }: Pick<S3Place, 'bucket' | 'prefix'>): string {
  return `s3://${bucket}/${prefix}`.replace(/\/$/, '');
}

function plainly(path: string): string | undefined {
  try {
    return decodeURIComponent(path).replace(/^\/+|\/+$/g, '');
  } catch {
    return undefined;
  }
}

function bad(text: string, why = 'a bucket is missing'): UserError {
  // What stands there may be a password.
  const shown = text.replace(/\/\/[^/@]*@/g, '//***@');
  return new UserError('BAD_USAGE', `'${shown}' is no address of an S3 store: ${why}`, {
    hint: 'Write s3://bucket/prefix, and behind it ?endpoint=https://host:9000, &region=, &path_style=true or &cache=20GB where needed.',
  });
}
