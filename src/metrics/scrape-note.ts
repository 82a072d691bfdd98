/** What a state folder remembers of a port, from one short run to the next. */

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { replaceFile } from '../os/atomic.ts';
import { NEW_PORT } from './scrapers.ts';

import type { PortMemory } from './scrapers.ts';

export type ScrapeNote = {
  read(): Promise<PortMemory>;
  /** Never rejects: what is forgotten costs a wait. */
  write(memory: PortMemory): Promise<void>;
};

/** The note about a port in `folder`. */
export function openScrapeNote(folder: string, port: number): ScrapeNote {
  const file = join(folder, `${port}.scraped`);
  return {
    read: async () => {
      const text = await readFile(file, 'utf8').catch(() => '');
      try {
        return { ...NEW_PORT, ...(JSON.parse(text) as Partial<PortMemory>) };
      } catch {
        // An earlier version noted the time of a scrape, and nothing of who it was.
        return NEW_PORT;
      }
    },
    write: async (memory) => {
      await mkdir(folder, { recursive: true })
        .then(() => replaceFile(file, `${JSON.stringify(memory)}\n`))
        .catch(() => undefined);
    },
  };
}
