/** Takes one file out of the two archives that servers come in. Streams: a server has 150 MB. */

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createInflateRaw } from 'node:zlib';

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

/** The bytes of the first file called `name`, whatever its folder, in a gzipped tar. */
export function entryOfTarGz(archive: Readable, name: string): Readable {
  const gunzip = createGunzip();
  archive.on('error', (error) => gunzip.destroy(error)).pipe(gunzip);
  return Readable.from(tarEntry(gunzip, name));
}

const BLOCK = 512;

/** POSIX ustar: a header block of 512 bytes (name at 0, octal size at 124), then the content in whole blocks. */
async function* tarEntry(tar: Readable, name: string): AsyncGenerator<Buffer> {
  let header = Buffer.alloc(0);
  let left = 0;
  let padding = 0;
  let wanted = false;
  for await (const chunk of tar as AsyncIterable<Buffer>) {
    let rest = chunk;
    while (rest.length > 0) {
      if (left > 0) {
        const piece = rest.subarray(0, left);
        if (wanted) yield piece;
        left -= piece.length;
        rest = rest.subarray(piece.length);
        if (left === 0 && wanted) return;
      } else if (padding > 0) {
        const skipped = Math.min(padding, rest.length);
        padding -= skipped;
        rest = rest.subarray(skipped);
      } else {
        const missing = BLOCK - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < BLOCK) continue;
        const path = header.toString('utf8', 0, 100).replace(/\0.*$/s, '');
        left = Number.parseInt(header.toString('latin1', 124, 136), 8) || 0;
        padding = (BLOCK - (left % BLOCK)) % BLOCK;
        wanted = left > 0 && path.split('/').at(-1) === name;
        header = Buffer.alloc(0);
      }
    }
  }
  throw new Error(`the archive holds no complete '${name}'`);
}

/** The bytes of the first file of a zip whose path ends with `suffix`. Neither zip64 nor encryption. */
export async function entryOfZip(path: string, suffix: string): Promise<Readable> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, 65_557));
    await file.read(tail, 0, tail.length, size - tail.length);
    const end = tail.lastIndexOf(Buffer.from('PK\x05\x06'));
    if (end < 0) throw new Error('it is not a complete zip file');
    const directory = Buffer.alloc(tail.readUInt32LE(end + 12));
    await file.read(directory, 0, directory.length, tail.readUInt32LE(end + 16));
    for (let at = 0; at + 46 <= directory.length;) {
      const nameLength = directory.readUInt16LE(at + 28);
      if (directory.toString('utf8', at + 46, at + 46 + nameLength).endsWith(suffix)) {
        const header = Buffer.alloc(30);
        const headerAt = directory.readUInt32LE(at + 42);
        await file.read(header, 0, header.length, headerAt);
        const start = headerAt + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
        const length = directory.readUInt32LE(at + 20);
        const raw = createReadStream(path, { start, end: start + length - 1 });
        if (directory.readUInt16LE(at + 10) === 0) return raw;
        const inflate = createInflateRaw();
        raw.on('error', (error) => inflate.destroy(error));
        return raw.pipe(inflate);
      }
      at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    }
    throw new Error(`the zip file holds nothing that ends with '${suffix}'`);
  } finally {
    await file.close();
  }
}
