/** Takes one file out of the two archives that servers come in. Streams: a server has 150 MB. */

import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { Readable } from 'node:stream';

/** Writes bytes into a new file, down to the disk, and answers their sha256. */
export async function writeHashed(bytes: Readable, target: string): Promise<string> {
  const hash = createHash('sha256');
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(
    bytes,
    hashed,
    createWriteStream(target, { flags: 'wx', mode: 0o755, flush: true }),
  );
  return hash.digest('hex');
}

/** The bytes of the first file called `name`, whatever its folder, in a gzipped tar. Fails where it is not whole. */
export async function entryOfTarGz(archive: Readable, name: string): Promise<Readable> {
  const { Parser } = await import('tar');
  const found = new PassThrough();
  const fail = (error: Error): void => void found.destroy(error);
  let isFound = false;
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      const isWanted = !isFound && entry.size > 0 && basename(entry.path) === name;
      isFound ||= isWanted;
      if (isWanted) entry.pipe(found);
      else entry.resume();
    },
  });
  parser.on('error', fail);
  parser.on('end', () => {
    if (!isFound) fail(new Error(`the archive holds no complete '${name}'`));
  });
  archive.on('error', fail).pipe(parser);
  return found;
}

/** The bytes of the first file of a zip whose path ends with `suffix`. */
export async function entryOfZip(path: string, suffix: string): Promise<Readable> {
  const { default: yauzl } = await import('yauzl');
  const archive = await yauzl.openPromise(path, { autoClose: false });
  try {
    for await (const entry of archive.eachEntry()) {
      if (entry.fileName.endsWith(suffix)) return await archive.openReadStreamPromise(entry);
    }
    throw new Error(`the zip file holds nothing that ends with '${suffix}'`);
  } finally {
    // What is being read is read to its end.
    archive.close();
  }
}
