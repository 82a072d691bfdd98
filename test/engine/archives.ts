/** Writes the two kinds of archive as small as they get, for tests of reading them. */

import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

/** A gzipped tar of files with their contents. */
export function tarGz(files: Readonly<Record<string, string>>): Buffer {
  const blocks = Object.entries(files).flatMap(([path, text]) => {
    const header = Buffer.alloc(512);
    const content = Buffer.from(text);
    header.write(path, 0);
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('ustar\x0000', 257, 'latin1');
    header.fill(' ', 148, 156);
    const sum = header.reduce((all, byte) => all + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** How a file in a zip is told of, where that is not the truth. */
export type ZipLie = {
  readonly crc?: number;
  readonly size?: number;
  readonly flags?: number;
  readonly method?: number;
  /** Its name in the directory at the end. */
  readonly name?: string;
  /** Place of its first byte, such as that of another file. */
  readonly at?: number;
};

/** A zip of files with their contents, deflated. */
export function zip(
  files: Readonly<Record<string, string | Buffer>>,
  lies: Readonly<Record<string, ZipLie>> = {},
): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const [path, text] of Object.entries(files)) {
    const lie = lies[path] ?? {};
    const plain = Buffer.from(text);
    const content = deflateRawSync(plain);
    // What both headers hold: flags, method, time, checksum and sizes.
    const about = Buffer.alloc(20);
    about.writeUInt16LE(lie.flags ?? 0, 0);
    about.writeUInt16LE(lie.method ?? 8, 2);
    about.writeUInt32LE(lie.crc ?? crc32(plain), 8);
    about.writeUInt32LE(content.length, 12);
    about.writeUInt32LE(lie.size ?? plain.length, 16);
    const local = Buffer.alloc(30);
    local.write('PK\x03\x04', 0, 'latin1');
    about.copy(local, 6);
    local.writeUInt16LE(Buffer.byteLength(path), 26);
    local.writeUInt16LE(4, 28);
    const entry = Buffer.alloc(46);
    entry.write('PK\x01\x02', 0, 'latin1');
    about.copy(entry, 8);
    const name = Buffer.from(lie.name ?? path);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(lie.at ?? at, 42);
    entries.push(entry, name);
    // Four bytes of extra field, as real tools write it in the local header only.
    locals.push(local, Buffer.from(path), Buffer.alloc(4), content);
    at += 30 + Buffer.byteLength(path) + 4 + content.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(entries.length / 2, 8);
  end.writeUInt16LE(entries.length / 2, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}
