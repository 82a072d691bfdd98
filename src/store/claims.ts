/**
 * Countable facts, each recorded once by whoever is first.
 *
 * 1. A claim is a file made by link(): one creator among all processes.
 * 2. The claims of a closed run are folded into one sealed file. What is in it is claimed for ever.
 * 3. A sealed file appears before the claims in it go, and a claimer looks into it after making its own.
 */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

import { createFile, replaceFile } from './atomic.ts';
import { takeFileLock } from './file-lock.ts';
import { inClearWords } from './fs-failure.ts';
import { ownIdentity } from './process-identity.ts';
import { safeName } from './safe-name.ts';

import type { Claim, Store } from './store.ts';

export type Claims = Pick<Store, 'claim' | 'claimsOn' | 'sealClaims'>;

/** `token` tells two claimers of one key apart. */
type ClaimRecord = { readonly token: string; readonly claim: Claim };
type Records = ReadonlyMap<string, ClaimRecord>;

const SEALED = '.jsonl';

/** The claims part of a local store. */
export function openClaims(root: string, tmp: string): Claims {
  const folder = join(root, 'claims');
  const openFolder = (run: string): string => join(folder, run);
  const sealedPath = (run: string): string => join(folder, `${run}${SEALED}`);

  const claim = async (run: string, key: string, fact: Claim): Promise<boolean> => {
    const token = randomBytes(8).toString('hex');
    const path = join(openFolder(run), key);
    const text = JSON.stringify({ token, claim: fact } satisfies ClaimRecord);
    if (!(await createFile(path, text, { tmp, sync: false }))) return false;
    if (!existsSync(sealedPath(run))) return true;
    const sealed = (await readSealed(sealedPath(run))).get(key);
    if (sealed === undefined || sealed.token === token) return true;
    await rm(path, { force: true });
    return false;
  };

  const seal = async (run: string): Promise<void> => {
    const { records: open, names } = await readOpen(openFolder(run));
    if (names.length === 0) return;
    const sealed = await readSealed(sealedPath(run));
    const all = new Map([...open, ...sealed]);
    if (all.size > sealed.size) {
      const lines = [...all].map(([key, record]) => `${JSON.stringify({ key, ...record })}\n`);
      await replaceFile(sealedPath(run), lines.join(''), { sync: true, tmp });
    }
    for (const name of names) await rm(join(openFolder(run), name), { force: true });
    await rmdir(openFolder(run)).catch(() => undefined);
  };

  return {
    claim: (runId, key, fact) =>
      inClearWords('write into', folder, () => claim(safeName(runId), safeName(key), fact)),
    claimsOn: async (port) => {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      // Open ones first: a seal in between moves records into the sealed file, never out of it.
      const open = new Map<string, Records>();
      for (const { name } of entries.filter((entry) => entry.isDirectory())) {
        open.set(name, (await readOpen(openFolder(name))).records);
      }
      const sealed = entries.map(({ name }) => name).filter((name) => name.endsWith(SEALED));
      const runs = new Set([
        ...open.keys(),
        ...sealed.map((name) => name.slice(0, -SEALED.length)),
      ]);
      const claims: Claim[] = [];
      for (const run of runs) {
        const all = [...(open.get(run) ?? []), ...(await readSealed(sealedPath(run)))];
        for (const record of new Map(all).values()) {
          if (record.claim.port === port) claims.push(record.claim);
        }
      }
      return claims.toSorted((a, b) => a.atMs - b.atMs);
    },
    sealClaims: async (runId) => {
      const run = safeName(runId);
      const lock = join(folder, `${run}.sealing`);
      const { taken } = await takeFileLock(lock, JSON.stringify(ownIdentity()), { tmp });
      if (!taken) return;
      await seal(run).finally(async () => rm(lock, { force: true }));
    },
  };
}

/** What is sealed. A line cut off by a power loss is left out. */
async function readSealed(path: string): Promise<Records> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const records = new Map<string, ClaimRecord>();
  for (const line of text.split('\n')) {
    const record = parseRecord(line);
    if (record?.key !== undefined) records.set(record.key, record);
  }
  return records;
}

/** The readable claims of a run that are not sealed, and the names of all, damaged ones included. */
async function readOpen(folder: string): Promise<{ records: Records; names: readonly string[] }> {
  const names = await readdir(folder).catch((): string[] => []);
  const records = new Map<string, ClaimRecord>();
  await Promise.all(
    names.map(async (name) => {
      const record = parseRecord(await readFile(join(folder, name), 'utf8').catch(() => ''));
      if (record !== undefined) records.set(name, record);
    }),
  );
  return { records, names };
}

function parseRecord(text: string): (ClaimRecord & { readonly key?: string }) | undefined {
  try {
    const record = JSON.parse(text) as ClaimRecord;
    return typeof record.claim === 'object' ? record : undefined;
  } catch {
    return undefined;
  }
}
