/** The official download of the server. Fails fast where there is no internet. */

import { Readable } from 'node:stream';

import { entryOfTarGz, writeHashed } from './archive-entry.ts';
import { RELEASE } from './platform.ts';

import type { Pin } from './platform.ts';

const FIRST_BYTE_MS = 5000;
const STALL_MS = 15_000;

/** @throws Error that says why not, the hash included. `origin` is for tests. */
export async function fetchOfficial(options: {
  readonly pin: Pin;
  readonly target: string;
  readonly origin?: string;
  readonly firstByteMs?: number;
}): Promise<void> {
  const {
    pin,
    target,
    origin = 'https://temporal.download',
    firstByteMs = FIRST_BYTE_MS,
  } = options;
  const { platform, arch } = pin.official;
  const stop = new AbortController();
  const giveUp = (ms: number): void => stop.abort(new Error(`nothing came for ${ms / 1000} s`));
  let timer = setTimeout(giveUp, firstByteMs, firstByteMs);
  try {
    const response = await fetch(
      `${origin}/cli/archive/v${RELEASE.cli}?platform=${platform}&arch=${arch}`,
      { signal: stop.signal },
    );
    if (!response.ok || response.body === null) {
      throw new Error(`${origin} answered ${response.status}`);
    }
    const archive = Readable.fromWeb(response.body);
    archive.on('data', () => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, STALL_MS, STALL_MS);
    });
    const sha256 = await writeHashed(await entryOfTarGz(archive, 'temporal'), target);
    if (sha256 !== pin.binarySha256) {
      throw new Error(`its sha256 is ${sha256}, not the pinned ${pin.binarySha256}`);
    }
  } catch (error) {
    throw plain(error);
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

/** fetch hides what went wrong in the cause, where one of several failed connections has a code but no message. */
function plain(error: unknown): Error {
  const { message, cause } = error as {
    message: string;
    cause?: { message?: string; code?: string };
  };
  return new Error(cause?.message || cause?.code || message, { cause: error });
}
