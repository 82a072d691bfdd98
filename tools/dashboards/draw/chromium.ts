/** Where Chromium is: named, or on PATH. */

import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** @throws Error that says what to install */
export async function findChromium(): Promise<string> {
  const named = process.env['BUILDER_CHROMIUM_BINARY'];
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const places = named
    ? [named]
    : folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  for (const path of places) {
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  throw new Error(
    named
      ? `BUILDER_CHROMIUM_BINARY is ${named}, which cannot be run`
      : 'Chromium is not on PATH; install it (apt-get install chromium), or name it with BUILDER_CHROMIUM_BINARY',
  );
}
