/**
 * Files packed as zip: each one inside becomes a file of its own in the attempt folder, checked to its last byte.
 *
 * 1. A name inside is a word for people, never a path that is written to.
 * 2. Every file that the archive lists is read, or the archive is refused; none of its bytes is read for two files, so what
 *    comes out is bounded by what deflate can do with what lies there.
 */

import { createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';

import { badFile } from './bad-line.ts';
import { StepError } from '../../model/step-error.ts';

import type { Entry, ZipFile } from 'yauzl';
import type { StagedFile } from '../../model/attempt-inputs.ts';

export type UnzipTask = {
  readonly folder: string;
  /** True for the files inside that are wanted, by their path in the archive. Default: all. */
  readonly isWanted?: ((path: string) => boolean) | undefined;
  /** Called with every piece. It may throw to end the work. */
  readonly onProgress: () => void;
};

const MOST_FILES = 10_000;
/** What the machines of those who pack leave in an archive. */
const LEFT_BEHIND = /(?:^|\/)(?:__MACOSX\/|\.|Thumbs\.db$)/;
/** Every Office document is a zip that holds this. */
const OFFICE = '[Content_Types].xml';

/** The files, each archive replaced by what is in it, in order of the paths there. @throws StepError BAD_INPUT_DATA */
export async function unzipped(
  files: readonly StagedFile[],
  task: UnzipTask,
): Promise<readonly StagedFile[]> {
  const all: StagedFile[] = [];
  for (const [n, file] of files.entries()) {
    if (!(await isZip(file))) all.push(file);
    else all.push(...(await unpack(file, { ...task, folder: join(task.folder, `zip-${n}`) })));
  }
  return all;
}

/** Told by its first bytes, which no text has. */
async function isZip({ path, original }: StagedFile): Promise<boolean> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    const head = buffer.toString('latin1', 0, bytesRead);
    if (head === 'PK\x03\x04' || head === 'PK\x05\x06') return true;
    if (/\.zip$/i.test(original)) throw badFile(original, 'the file is no zip archive');
    return false;
  } finally {
    await handle.close();
  }
}

async function unpack(file: StagedFile, task: UnzipTask): Promise<readonly StagedFile[]> {
  const { default: yauzl } = await import('yauzl');
  let archive: ZipFile | undefined;
  try {
    archive = await yauzl.openPromise(file.path, { autoClose: false });
    const wanted = wantedOf(file, await entriesOf(file, archive), task);
    await mustLieApart(file, archive, wanted);
    await mkdir(task.folder, { recursive: true });
    const unpacked: StagedFile[] = [];
    for (const [n, entry] of wanted.entries()) {
      const path = join(task.folder, String(n));
      await writeEntry(file, archive, entry, { path, onProgress: task.onProgress });
      unpacked.push(inside(file, entry, path));
    }
    return unpacked;
  } catch (error) {
    if (error instanceof StepError || !isAboutArchive(error)) throw error;
    throw badFile(file.original, `the zip archive is damaged, cut or malformed (${error.message})`);
  } finally {
    archive?.close();
  }
}

/** yauzl's own words come without a code, zlib's with one of its own; what the disk or a cancel says passes. */
function isAboutArchive(error: unknown): error is Error {
  const { name, code } = error as Partial<NodeJS.ErrnoException>;
  return code === undefined ? name === 'Error' : code.startsWith('Z_');
}

/** Every file it lists. @throws StepError where it lists fewer than there are, or one twice */
async function entriesOf(file: StagedFile, archive: ZipFile): Promise<readonly Entry[]> {
  if (archive.entryCount > MOST_FILES) {
    throw badFile(file.original, `the zip archive holds more than ${MOST_FILES} files`);
  }
  const entries = new Map<string, Entry>();
  for await (const entry of archive.eachEntry()) {
    const { fileName } = entry;
    if (/\p{Cc}/u.test(fileName)) {
      throw badFile(file.original, 'a name in the zip archive has a control character');
    }
    if (entries.has(fileName))
      throw badFile(file.original, `the zip archive holds '${fileName}' twice`);
    entries.set(fileName, entry);
  }
  // Where the list ends the archive's last part begins; another file there was left out of its count.
  const handle = await open(file.path);
  try {
    const at = Number(archive.readEntryCursor);
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, at);
    if (buffer.toString('latin1') === 'PK\x01\x02')
      throw new Error('it lists more files than it counts');
  } finally {
    await handle.close();
  }
  return [...entries.values()].filter(({ fileName }) => !fileName.endsWith('/'));
}

function wantedOf(
  { original }: StagedFile,
  entries: readonly Entry[],
  { isWanted }: UnzipTask,
): readonly Entry[] {
  const names = entries.map(({ fileName }) => fileName);
  if (isWanted === undefined && names.includes(OFFICE)) {
    throw badFile(original, 'the file is an Office document, not a packed table', 'save it as CSV');
  }
  const wanted = entries
    .filter(({ fileName }) => isWanted?.(fileName) ?? !LEFT_BEHIND.test(fileName))
    .toSorted((a, b) => (a.fileName < b.fileName ? -1 : 1));
  if (wanted.length > 0) return wanted;
  const shown = names.slice(0, 10).join(', ') || 'none';
  throw badFile(
    original,
    isWanted === undefined
      ? 'the zip archive holds no file'
      : `no file in the zip archive is meant by \`inside\`; it holds ${shown}`,
  );
}

/** @throws StepError where two files share bytes, or the two headers of a file name it differently */
async function mustLieApart(
  file: StagedFile,
  archive: ZipFile,
  entries: readonly Entry[],
): Promise<void> {
  let end = 0;
  const inPlace = entries.toSorted(
    (a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader,
  );
  for (const entry of inPlace) {
    const { fileDataStart, fileName } = await archive.readLocalFileHeaderPromise(entry, {});
    if (entry.relativeOffsetOfLocalHeader < end) {
      throw badFile(
        file.original,
        `'${entry.fileName}' lies within another file of the zip archive`,
      );
    }
    if (!fileName.equals(entry.fileNameRaw)) {
      throw new Error(`its two headers of '${entry.fileName}' differ`);
    }
    end = fileDataStart + entry.compressedSize;
  }
}

async function writeEntry(
  file: StagedFile,
  archive: ZipFile,
  entry: Entry,
  { path, onProgress }: { readonly path: string; readonly onProgress: () => void },
): Promise<void> {
  const name = `'${entry.fileName}' in the zip archive`;
  if (entry.isEncrypted()) {
    throw badFile(file.original, `${name} is encrypted`, 'unpack it in a step of its own before');
  }
  if (!entry.canDecodeFileData()) {
    const how = `${name} is packed by method ${entry.compressionMethod}`;
    throw badFile(file.original, how, 'deflate (8) and stored (0) are read');
  }
  if (/\.zip$/i.test(entry.fileName)) {
    throw badFile(file.original, `${name} is an archive itself`, 'unpack it in a step before');
  }
  let sum = 0;
  const summed = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      sum = crc32(chunk, sum);
      onProgress();
      yield chunk;
    }
  };
  const stream = await archive.openReadStreamPromise(entry);
  await pipeline(stream, summed, createWriteStream(path, { flags: 'wx' }));
  if (sum !== entry.crc32) throw new Error(`the checksum of '${entry.fileName}' is another`);
}

function inside(
  archive: StagedFile,
  { fileName, uncompressedSize }: Entry,
  path: string,
): StagedFile {
  const below = archive.below ?? archive.original.split('/').at(-1) ?? archive.original;
  return {
    original: `${archive.original}/${fileName}`,
    below: `${below}/${fileName}`,
    path,
    sha256: archive.sha256,
    bytes: uncompressedSize,
  };
}
