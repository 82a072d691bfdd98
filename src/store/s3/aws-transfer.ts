/**
 * Files on their way to and from a bucket, in parts where they are large.
 *
 * 1. Whatever is sent is signed with its sha256, which the service checks.
 * 2. Of all files together a few parts are in memory at once.
 */

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

import { UserError } from '../../model/errors.ts';
import { makeGate } from './gate.ts';
import { isAbsent } from './s3-failure.ts';

import type { S3Client } from '@aws-sdk/client-s3';
import type { FileHandle } from 'node:fs/promises';
import type { Objects } from './objects.ts';
import type { Patient } from './patience.ts';

/** Files up to this size go in one request; larger ones in parts of it. */
const PART_BYTES = 8 * 1024 * 1024;
/** S3 takes 10,000. */
const MOST_PARTS = 9_000;
/** Parts of one file that are fetched beside each other. */
const PARTS_AHEAD = 4;

/** Parts in memory at once. */
const oneOfFew = makeGate(8);

/** Uploads and downloads of a bucket. */
export function makeTransfer({
  client,
  bucket,
  keyOf,
  patiently,
}: {
  readonly client: S3Client;
  readonly bucket: string;
  readonly keyOf: (key: string) => string;
  readonly patiently: Patient;
}): Pick<Objects, 'upload' | 'download'> {
  const putPart = async (
    file: FileHandle,
    { at, length }: { readonly at: number; readonly length: number },
    send: (bytes: Buffer) => Promise<string | undefined>,
    sinceMs?: () => number,
  ): Promise<string | undefined> =>
    oneOfFew(async () => {
      const bytes = await readPart(file, at, length);
      return patiently(() => send(bytes), sinceMs);
    });

  const uploadInParts = async (file: FileHandle, Key: string, bytes: number): Promise<void> => {
    const about = { Bucket: bucket, Key };
    const { UploadId } = await patiently(() =>
      client.send(new CreateMultipartUploadCommand(about)),
    );
    const upload = { ...about, UploadId };
    let failingSinceMs: number | undefined;
    const failed: unknown[] = [];
    const putOne = async (part: Part, i: number) => {
      const PartNumber = i + 1;
      const send = async (Body: Buffer): Promise<string | undefined> => {
        if (failed.length > 0) throw new Given();
        try {
          const answer = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
          failingSinceMs = undefined;
          return answer.ETag;
        } catch (error) {
          failingSinceMs ??= performance.now();
          throw error;
        }
      };
      try {
        if (failed.length > 0) throw new Given();
        // As long as parts arrive the service is there.
        const sinceMs = (): number => failingSinceMs ?? performance.now();
        return { PartNumber, ETag: await putPart(file, part, send, sinceMs) };
      } catch (error) {
        failed.push(error);
        throw error;
      }
    };
    try {
      // Nothing of it is on its way any more when the file is closed.
      const done = await Promise.allSettled(partsOf(bytes).map(putOne));
      if (failed.length > 0) throw failed[0];
      const Parts = done.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : []));
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

  return {
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
  };
}

/** Of a part that is not sent since another one has failed. */
class Given extends UserError {
  constructor() {
    super('STORE_UNREACHABLE', 'another part of the file could not be stored', { exitCode: 1 });
  }
}

type Part = { readonly at: number; readonly length: number };

function partsOf(bytes: number): readonly Part[] {
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
