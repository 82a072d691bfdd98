/** What a short run knows of its scraper: whether one came in the last run, and a wait that somebody can end. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export type ScrapeNote = {
  /** True if this port was scraped when it was last served. */
  read(): Promise<boolean>;
  note(): void;
  forget(): Promise<void>;
};

/** Remembers in `folder` that a port is scraped, so that the next short run waits for its scraper. */
export function openScrapeNote(folder: string, port: number): ScrapeNote {
  const file = join(folder, `${port}.scraped`);
  let noted = false;
  return {
    read: async () => (await readFile(file, 'utf8').catch(() => '')) !== '',
    note: () => {
      if (noted) return;
      noted = true;
      void mkdir(folder, { recursive: true })
        .then(() => writeFile(file, new Date().toISOString()))
        .catch(() => undefined);
    },
    forget: async () => {
      noted = false;
      await writeFile(file, '').catch(() => undefined);
    },
  };
}

/** What `scraped` answers; false after `limitMs` or when `stop` is aborted. */
export async function waitFor(
  scraped: Promise<boolean>,
  limitMs: number,
  stop: AbortSignal,
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
    if (stop.aborted) resolve(false);
    stop.addEventListener('abort', () => resolve(false), { once: true });
  });
  try {
    return await Promise.race([scraped, limit]);
  } finally {
    clearTimeout(timer);
  }
}
