/**
 * The requests of a store, made by the AWS SDK. It makes none again: only here it is known which answers mean that an
 * earlier one arrived.
 */

import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';

import { makeClient, toldBy } from './aws-client.ts';
import { makeTransfer } from './aws-transfer.ts';
import { makePatience } from './patience.ts';
import { isAbsent, isTaken, serverMsOf, statusOf } from './s3-failure.ts';

import type { S3Client } from '@aws-sdk/client-s3';
import type { Listed, Objects } from './objects.ts';
import type { S3Place } from './s3-place.ts';

/** S3 takes no more keys in one request. */
const MOST_KEYS = 1000;

export type AwsOptions = {
  /** How long a request is made again. */
  readonly patienceMs: () => number;
  /** Whether requests have been answered before: then credentials that are missing come back. */
  readonly wasOpen?: () => boolean;
  /** Silence after which a connection counts as lost. */
  readonly silenceMs?: number;
};

const SILENCE_MS = 30_000;

/** Requests to the place. Nothing is asked yet. */
export function openAwsObjects(
  place: S3Place,
  { silenceMs = SILENCE_MS, ...patience }: AwsOptions,
): Objects {
  return requestsOf(makeClient(place, silenceMs), place, patience);
}

function requestsOf(
  client: S3Client,
  place: S3Place,
  { patienceMs, wasOpen }: Omit<AwsOptions, 'silenceMs'>,
): Objects {
  const bucket = place.bucket;
  const keyOf = (key: string): string => place.prefix + key;
  const patiently = makePatience(place, patienceMs, {
    isAnswer: (error) => isTaken(error) || isAbsent(error),
    wasOpen,
  });

  const read: Objects['read'] = async (key) => {
    try {
      return await patiently(async () => {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(key) }));
        // Cut off in the middle of its bytes, it is asked for again.
        const bytes = Buffer.from(await answer.Body!.transformToByteArray());
        return { bytes, serverMs: toldBy(answer) };
      });
    } catch (error) {
      if (isAbsent(error)) return { serverMs: serverMsOf(error) };
      throw error;
    }
  };

  const list: Objects['list'] = async (prefix, { after, most }) =>
    patiently(async () => {
      const answer = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: keyOf(prefix),
          MaxKeys: Math.min(most, MOST_KEYS),
          ...(after === undefined ? {} : { StartAfter: keyOf(after) }),
        }),
      );
      const objects = (answer.Contents ?? []).flatMap(({ Key, Size, LastModified }): Listed[] =>
        Key === undefined || Key.endsWith('/')
          ? []
          : [
              {
                key: Key.slice(place.prefix.length),
                bytes: Size ?? 0,
                writtenMs: LastModified?.getTime() ?? 0,
              },
            ],
      );
      const last = answer.Contents?.at(-1)?.Key?.slice(place.prefix.length);
      const isMore = answer.IsTruncated === true && last !== undefined;
      return { objects, serverMs: toldBy(answer), ...(isMore ? { next: last } : {}) };
    });

  return {
    read,
    list,
    create: async (key, bytes) => {
      try {
        return await patiently(async () => {
          const answer = await client.send(
            new PutObjectCommand({
              ...{ Bucket: bucket, Key: keyOf(key), Body: bytes, IfNoneMatch: '*' },
            }),
          );
          return { created: true, serverMs: toldBy(answer) };
        });
      } catch (error) {
        if (!isTaken(error)) throw error;
        const { bytes: there, serverMs } = await read(key);
        if (there?.equals(bytes) === true) return { created: true, serverMs };
        return { created: false, serverMs, ...(there === undefined ? {} : { there }) };
      }
    },
    replace: async (key, Body) => {
      await patiently(() =>
        client.send(new PutObjectCommand({ Bucket: bucket, Key: keyOf(key), Body })),
      );
    },
    ...makeTransfer({ client, bucket, keyOf, patiently }),
    listAll: async function* (prefix) {
      for (let after: string | undefined; ;) {
        const page = await list(prefix, {
          most: MOST_KEYS,
          ...(after === undefined ? {} : { after }),
        });
        for (const object of page.objects) yield { ...object, serverMs: page.serverMs };
        after = page.next;
        if (after === undefined) return;
      }
    },
    remove: async (keys) => {
      for (let i = 0; i < keys.length; i += MOST_KEYS) {
        const Objects = keys.slice(i, i + MOST_KEYS).map((key) => ({ Key: keyOf(key) }));
        const answer = await patiently(() =>
          client.send(
            new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
          ),
        );
        const failed = answer.Errors?.find(({ Code }) => Code !== 'NoSuchKey');
        if (failed !== undefined)
          throw Object.assign(new Error(failed.Message), { name: failed.Code ?? 'Error' });
      }
    },
    abortUploads: async (prefix, olderThanMs) => {
      const { uploads, nowMs } = await patiently(async () => {
        const answer = await client.send(
          new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: keyOf(prefix) }),
        );
        return { uploads: answer.Uploads ?? [], nowMs: toldBy(answer) ?? Date.now() };
      });
      let aborted = 0;
      for (const { Key, UploadId, Initiated } of uploads) {
        if (nowMs - (Initiated?.getTime() ?? nowMs) < olderThanMs) continue;
        await client
          .send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }))
          .then(() => (aborted += 1))
          .catch((error: unknown) => {
            if (statusOf(error) !== 404) throw error;
          });
      }
      return aborted;
    },
    within: (ms) =>
      requestsOf(client, place, {
        patienceMs: () => Math.min(ms, patienceMs()),
        ...(wasOpen === undefined ? {} : { wasOpen }),
      }),
    close: () => client.destroy(),
  };
}
