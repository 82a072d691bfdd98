/** Countable facts, each recorded once by whoever is first. Files by link(); a closed run's are folded into one. */

import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { createFile, replaceFile } from './atomic.ts';

import type { Claim, Store } from './store.ts';

export type Claims = Pick<Store, 'claim' | 'claimsOn' | 'sealClaims'>;

type Sealed = Readonly<Record<string, Claim>>;

/** The claims part of a local store. */
export function openClaims(root: string, tmp: string): Claims {
  const folder = join(root, 'claims');
  const runFolder = (runId: string): string => join(folder, fileName(runId));
  const sealedPath = (runId: string): string => `${runFolder(runId)}.json`;
  /** Sealed keys of runs this process has claimed for: a sealed file changes only by a later seal. */
  const sealed = new Map<string, Promise<Sealed>>();

  const readSealed = async (runId: string): Promise<Sealed> => {
    const text = await readFile(sealedPath(runId), 'utf8').catch(() => undefined);
    return text === undefined ? {} : parsed(text, {});
  };
  const readOpen = async (runId: string): Promise<Sealed> => {
    const names = await readdir(runFolder(runId)).catch(() => []);
    const entries = await Promise.all(
      names.map(async (name) => {
        const text = await readFile(join(runFolder(runId), name), 'utf8').catch(() => '');
        return [name, parsed<Claim | undefined>(text, undefined)] as const;
      }),
    );
    return Object.fromEntries(entries.filter(([, claim]) => claim !== undefined)) as Sealed;
  };

  return {
    claim: async (runId, key, claim) => {
      let known = sealed.get(runId);
      if (known === undefined) {
        known = readSealed(runId);
        sealed.set(runId, known);
      }
      const name = fileName(key);
      if (name in (await known)) return false;
      return createFile(join(runFolder(runId), name), JSON.stringify(claim), { tmp, sync: false });
    },
    claimsOn: async (port) => {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      const runs = new Set(
        entries.map((entry) =>
          entry.isDirectory() ? entry.name : entry.name.replace(/\.json$/, ''),
        ),
      );
      const claims: Claim[] = [];
      for (const run of runs) {
        const all = { ...(await readSealed(run)), ...(await readOpen(run)) };
        claims.push(...Object.values(all).filter((claim) => claim.port === port));
      }
      return claims.sort((a, b) => a.atMs - b.atMs);
    },
    sealClaims: async (runId) => {
      const open = await readOpen(runId);
      if (Object.keys(open).length > 0) {
        await mkdir(folder, { recursive: true });
        const all = { ...(await readSealed(runId)), ...open };
        await replaceFile(sealedPath(runId), JSON.stringify(all), { sync: true });
      }
      sealed.delete(runId);
      await rm(runFolder(runId), { recursive: true, force: true });
    },
  };
}

/** Keys and run ids hold only characters every filesystem takes. */
function fileName(key: string): string {
  return encodeURIComponent(key).replaceAll('*', '%2A').slice(0, 240);
}

function parsed<T>(text: string, otherwise: T): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    return otherwise;
  }
}
