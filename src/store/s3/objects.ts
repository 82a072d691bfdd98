/**
 * What the store asks of an S3 service: few plain requests, each of which may be made twice. Types.
 *
 * Keys are relative to the store. Moments are the service's own clock, Unix milliseconds; undefined where an answer
 * does not tell it.
 */

export type Told = { readonly serverMs: number | undefined };

export type Listed = {
  readonly key: string;
  readonly bytes: number;
  /** When it was written. */
  readonly writtenMs: number;
};

export type Objects = {
  /**
   * Writes a small object if there is none of this key: of all who try one gets it, also if its answer was lost or the
   * request arrived twice. `there`: what another one wrote.
   */
  create(
    key: string,
    bytes: Buffer,
  ): Promise<Told & { readonly created: boolean; readonly there?: Buffer }>;
  /** Writes a small object, whatever is there. */
  replace(key: string, bytes: Buffer): Promise<void>;
  /** A small object; `bytes` is absent where there is none. */
  read(key: string): Promise<Told & { readonly bytes?: Buffer }>;
  /** Writes a file under a key that nobody else uses, in parts where it is large. */
  upload(key: string, file: string, bytes: number): Promise<void>;
  /** Writes an object of this size to a new file, and answers the sha256 of what came. Undefined: there is none. */
  download(key: string, bytes: number, file: string): Promise<string | undefined>;
  /** The first so many of a prefix in the order of their keys, behind `after`. `next`: behind it there is more. */
  list(
    prefix: string,
    options: { readonly after?: string; readonly most: number },
  ): Promise<Told & { readonly objects: readonly Listed[]; readonly next?: string }>;
  /** All of a prefix. */
  listAll(prefix: string): AsyncIterable<Listed & Told>;
  /** What is gone already is no matter. */
  remove(keys: readonly string[]): Promise<void>;
  /** Gives up uploads in parts below a prefix that were begun so long ago. Answers how many. */
  abortUploads(prefix: string, olderThanMs: number): Promise<number>;
  /** The same requests, made again for no longer than this. */
  within(patienceMs: number): Objects;
  close(): void;
};
