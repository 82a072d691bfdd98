/**
 * The requests of a store, made by the AWS SDK, which also finds the credentials.
 *
 * 1. Whatever is sent is signed with its sha256, which the service checks.
 * 2. The SDK makes no request again: only here it is known which answers mean that an earlier one arrived.
 * 3. Of large files a few parts are in memory at once, in the whole process.
 */

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

import { makeGate } from './gate.ts';
import { makePatience } from './patience.ts';
import { dateOf, isAbsent, isTaken, serverMsOf, statusOf } from './s3-failure.ts';

import type { FileHandle } from 'node:fs/promises';
import type { Listed, Objects, Told } from './objects.ts';
import type { S3Place } from './s3-place.ts';

/** Files up to this size go in one request; larger ones in parts of it. */
const PART_BYTES = 8 * 1024 * 1024;
/** S3 takes 10,000. */
const MOST_PARTS = 9_000;
/** S3 takes no more keys in one request. */
const MOST_KEYS = 1000;

/** Parts in memory at once. */
const oneOfFew = makeGate(8);

export type AwsOptions = {
  /** How long a request is made again. */
  readonly patienceMs: () => number;
  /** Silence after which a connection counts as lost. */
  readonly silenceMs?: number;
};

const SILENCE_MS = 30_000;
const CONNECT_MS = 5_000;

/** Requests to the place. Nothing is asked yet. */
export function openAwsObjects(
  place: S3Place,
  { patienceMs, silenceMs = SILENCE_MS }: AwsOptions,
): Objects {
  const client = makeClient(place, silenceMs);
  const bucket = place.bucket;
  const keyOf = (key: string): string => place.prefix + key;
  const patiently = makePatience(place, patienceMs, (error) => isTaken(error) || isAbsent(error));

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

  const putPart = async (
    file: FileHandle,
    { at, length }: { readonly at: number; readonly length: number },
    send: (bytes: Buffer) => Promise<string | undefined>,
  ): Promise<string | undefined> =>
    oneOfFew(async () => {
      const bytes = await readPart(file, at, length);
      return patiently(() => send(bytes));
    });

  const uploadInParts = async (file: FileHandle, Key: string, bytes: number): Promise<void> => {
    const about = { Bucket: bucket, Key };
    const { UploadId } = await patiently(() =>
      client.send(new CreateMultipartUploadCommand(about)),
    );
    const upload = { ...about, UploadId };
    try {
      const done = await Promise.allSettled(
        partsOf(bytes).map(async (part, i) => {
          const PartNumber = i + 1;
          const ETag = await putPart(file, part, async (Body) => {
            const answer = await client.send(
              new UploadPartCommand({ ...upload, PartNumber, Body }),
            );
            return answer.ETag;
          });
          return { PartNumber, ETag };
        }),
      );
      const Parts = done.map((part) => {
        if (part.status === 'rejected') throw part.reason;
        return part.value;
      });
      await complete(upload, Parts, bytes);
    } catch (error) {
      // What cannot be aborted now, prune finds.
      await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
      throw error;
    }
  };

  /** Made again after it was done, it finds no upload: then the object is there, under a key that is ours alone. */
  const complete = async (
    upload: {
      readonly Bucket: string;
      readonly Key: string;
      readonly UploadId: string | undefined;
    },
    Parts: { PartNumber: number; ETag: string | undefined }[],
    bytes: number,
  ): Promise<void> => {
    try {
      await patiently(() =>
        client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } })),
      );
    } catch (error) {
      if (!isAbsent(error)) throw error;
      const { Bucket, Key } = upload;
      const { ContentLength } = await patiently(() =>
        client.send(new HeadObjectCommand({ Bucket, Key })),
      );
      if (ContentLength !== bytes) throw error;
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
      return { objects, serverMs: toldBy(answer), isMore: answer.IsTruncated === true };
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
    upload: async (key, path, bytes) => {
      const file = await open(path, 'r');
      try {
        if (bytes > PART_BYTES) return await uploadInParts(file, keyOf(key), bytes);
        await putPart(file, { at: 0, length: bytes }, async (Body) => {
          await client.send(new PutObjectCommand({ Bucket: bucket, Key: keyOf(key), Body }));
          return undefined;
        });
      } finally {
        await file.close();
      }
    },
    download: async (key, bytes, path) => {
      const file = await open(path, 'wx');
      const hash = createHash('sha256');
      const part = ({ at, length }: { readonly at: number; readonly length: number }) =>
        oneOfFew(() =>
          patiently(async () => {
            const whole = bytes <= PART_BYTES;
            const answer = await client.send(
              new GetObjectCommand({
                ...{ Bucket: bucket, Key: keyOf(key) },
                ...(whole ? {} : { Range: `bytes=${at}-${at + length - 1}` }),
              }),
            );
            return Buffer.from(await answer.Body!.transformToByteArray());
          }),
        );
      try {
        const parts = partsOf(bytes);
        for (let i = 0; i < parts.length; i += PARTS_AHEAD) {
          for (const piece of await Promise.all(parts.slice(i, i + PARTS_AHEAD).map(part))) {
            hash.update(piece);
            await file.writeFile(piece);
          }
        }
        await file.datasync();
        return hash.digest('hex');
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      } finally {
        await file.close();
      }
    },
    listAll: async function* (prefix) {
      for (let after: string | undefined; ;) {
        const page = await list(prefix, {
          most: MOST_KEYS,
          ...(after === undefined ? {} : { after }),
        });
        for (const object of page.objects) yield { ...object, serverMs: page.serverMs };
        after = page.objects.at(-1)?.key;
        if (page.objects.length < MOST_KEYS) return;
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
        const [failed] = answer.Errors ?? [];
        if (failed !== undefined && failed.Code !== 'NoSuchKey')
          throw Object.assign(new Error(failed.Message), { name: failed.Code ?? 'Error' });
      }
    },
    abortUploads: async (olderThanMs) => {
      const { uploads, nowMs } = await patiently(async () => {
        const answer = await client.send(
          new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: place.prefix }),
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
    close: () => client.destroy(),
  };
}

/** Parts of one file that are fetched beside each other. */
const PARTS_AHEAD = 4;

/** Services that are not AWS take any region, and most people name none. */
const ANY_REGION = 'us-east-1';

function makeClient({ endpoint, region, pathStyle }: S3Place, silenceMs: number): S3Client {
  const { AWS_REGION: named, AWS_DEFAULT_REGION: usual } = process.env;
  const where = region ?? named ?? usual ?? (endpoint === undefined ? undefined : ANY_REGION);
  // It says to stderr which versions of Node.js its later releases will need: ours is pinned.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const client = new S3Client({
    ...(where === undefined ? {} : { region: where }),
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: pathStyle ?? endpoint !== undefined,
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

function toldBy(answer: object): Told['serverMs'] {
  return (answer as Dated).$metadata?.date;
}

function partsOf(bytes: number): readonly { readonly at: number; readonly length: number }[] {
  const size = Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS));
  const count = Math.max(1, Math.ceil(bytes / size));
  return Array.from({ length: count }, (_, i) => ({
    at: i * size,
    length: Math.min(size, bytes - i * size),
  }));
}

async function readPart(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) throw new Error('the file became shorter while it was stored');
    done += bytesRead;
  }
  return bytes;
}
