/**
 * Zstandard frames (RFC 8878) to bytes. The frame format is walked here, so that a cut file, a wrong checksum and
 * anything behind the last frame are seen; the blocks are unpacked by fzstd.
 */

import { badFile } from './bad-line.ts';

import type { TextFile } from './text-file.ts';

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const CHECKSUM_BYTES = 4;

/** The bytes of a file made of whole frames. @throws StepError BAD_INPUT_DATA */
export async function* unzstd(
  file: TextFile,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const [{ Decompress }, { default: xxhash }] = await Promise.all([
    import('fzstd'),
    import('xxhash-wasm'),
  ]);
  const { create64 } = await xxhash();
  const input = makeInput(chunks);
  while (await input.has(1)) {
    const head = await need(file, input, 4);
    const magic = head.readUInt32LE();
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
      let left = (await need(file, input, 4)).readUInt32LE();
      for (; left > 0; left -= Math.min(left, 65536))
        await need(file, input, Math.min(left, 65536));
      continue;
    }
    if (magic !== MAGIC) {
      throw badFile(file.name, 'bytes that are no Zstandard stand behind the end of its data');
    }
    let out: Buffer[] = [];
    const hash = create64();
    const blocks = new Decompress((piece) => {
      // The window it writes from is its own.
      const copy = Buffer.from(piece);
      hash.update(copy);
      out.push(copy);
    });
    const push = (bytes: Buffer, isLast: boolean): void => {
      try {
        blocks.push(bytes, isLast);
      } catch (error) {
        throw damaged(file, error instanceof Error ? error.message : String(error));
      }
    };
    push(head, false);
    const descriptor = await need(file, input, 1);
    const flags = descriptor[0] ?? 0;
    const header = Buffer.from(await need(file, input, headerBytes(flags)));
    const says = contentSize(flags, header);
    let given = 0n;
    push(withoutSize(flags, header), false);
    for (let isLast = false; !isLast;) {
      const about = await need(file, input, 3);
      const word = about.readUIntLE(0, 3);
      isLast = (word & 1) === 1;
      const isRepeat = ((word >> 1) & 3) === 1;
      const size = isRepeat ? 1 : word >> 3;
      const hasChecksum = (flags & 4) !== 0;
      push(Buffer.concat([about, await need(file, input, size)]), isLast && !hasChecksum);
      if (isLast && hasChecksum) {
        const checksum = await need(file, input, CHECKSUM_BYTES);
        push(checksum, true);
        if (BigInt(checksum.readUInt32LE()) !== (hash.digest() & 0xffffffffn)) {
          throw damaged(file, 'its checksum is another');
        }
      }
      for (const piece of out) given += BigInt(piece.length);
      if (isLast && says !== undefined && says !== given) {
        throw damaged(file, `it says that it has ${says} bytes, but ${given} were unpacked`);
      }
      yield* out;
      out = [];
    }
  }
}

/** Bytes of the frame's header behind its descriptor. */
function headerBytes(flags: number): number {
  const isSingle = (flags & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][flags & 3] ?? 0;
  return (isSingle ? 0 : 1) + dictionary + sizeBytes(flags);
}

/**
 * The descriptor and header without the content's size, for fzstd cuts off what is beyond it. Where the size stands for the
 * window, the window has as many bytes.
 */
function withoutSize(flags: number, header: Buffer): Buffer {
  const kept = header.subarray(0, header.length - sizeBytes(flags));
  const descriptor = Buffer.from([flags & 0x1f]);
  if ((flags & 0x20) === 0) return Buffer.concat([descriptor, kept]);
  const bytes = Math.max(Number(contentSize(flags, header) ?? 0n), 1024);
  const log = Math.ceil(Math.log2(bytes));
  return Buffer.concat([descriptor, Buffer.from([(log - 10) << 3]), kept]);
}

/** Bytes in which the header says how long the content is. */
function sizeBytes(flags: number): number {
  const isSingle = (flags & 0x20) !== 0;
  return [isSingle ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0;
}

/** How long the content is, if the header says so. */
function contentSize(flags: number, header: Buffer): bigint | undefined {
  const bytes = sizeBytes(flags);
  const at = header.length - bytes;
  switch (bytes) {
    case 0:
      return undefined;
    case 1:
      return BigInt(header.readUInt8(at));
    case 2:
      return BigInt(header.readUInt16LE(at) + 256);
    case 4:
      return BigInt(header.readUInt32LE(at));
    default:
      return header.readBigUInt64LE(at);
  }
}

type Input = { has(bytes: number): Promise<boolean>; take(bytes: number): Buffer };

/** Bytes to take in any portion, from chunks that come in others. */
function makeInput(chunks: AsyncIterable<Buffer>): Input {
  const source = chunks[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  return {
    has: async (bytes) => {
      while (held.length < bytes) {
        const next = await source.next();
        if (next.done === true) return false;
        held = held.length === 0 ? next.value : Buffer.concat([held, next.value]);
      }
      return true;
    },
    take: (bytes) => {
      const taken = held.subarray(0, bytes);
      held = held.subarray(bytes);
      return taken;
    },
  };
}

async function need(file: TextFile, input: Input, bytes: number): Promise<Buffer> {
  if (await input.has(bytes)) return input.take(bytes);
  throw damaged(file, 'it ends too early');
}

function damaged(file: TextFile, why: string): Error {
  return badFile(file.name, `the Zstandard data is damaged or cut (${why})`);
}
