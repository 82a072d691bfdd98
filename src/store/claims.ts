/**
 * Countable facts, each recorded once by whoever is first.
 *
 * 1. A claim is a file made by link(): one creator among all processes.
 * 2. The claims of a closed run are folded into one sealed file. What is in it is claimed for ever.
 * 3. A sealed file appears before the claims in it go, and a claimer looks into it after making its own.
 * 4. A sealed file only grows at its end: who read it up to some byte need not read that part again.
 */

import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

import { createFile, replaceFile } from '../os/atomic.ts';
import { takeLease } from '../os/lease.ts';
import { makeFolder } from '../os/make-folder.ts';
import { inClearWords } from './fs-failure.ts';
import { safeName } from '../os/safe-name.ts';

import type { Claim, ClaimsMark, Store } from './store.ts';

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
    const all = new Map([...sealed, ...[...open].filter(([key]) => !sealed.has(key))]);
    if (all.size > sealed.size) {
      const lines = [...all].map(([key, record]) => `${JSON.stringify({ key, ...record })}\n`);
      await replaceFile(sealedPath(run), lines.join(''), { sync: true, tmp });
    }
    for (const name of names) await rm(join(openFolder(run), name), { force: true });
    await rmdir(openFolder(run)).catch(() => undefined);
  };

  const sealRun = async (run: string): Promise<boolean> => {
    await makeFolder(join(root, 'locks'));
    const taken = await takeLease(join(root, 'locks', `${run}.sealing`));
    if (!taken.taken) return false;
    await seal(run).finally(() => taken.lease.release());
    return true;
  };

  /** The runs with claims of an exporter that cannot be sealed just now. */
  const sealAllOn = async (exporter: string): Promise<ReadonlyMap<string, Records>> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const left = new Map<string, Records>();
    for (const { name } of entries.filter((entry) => entry.isDirectory())) {
      const { records } = await readOpen(openFolder(name));
      const isMine = [...records.values()].some(({ claim: fact }) => fact.exporter === exporter);
      if (isMine && !(await sealRun(name).catch(() => false))) left.set(name, records);
    }
    return left;
  };

  const claimsOn = async (
    exporter: string,
    since: ClaimsMark = {},
  ): Promise<{ claims: readonly Claim[]; mark?: ClaimsMark }> => {
    const left = await sealAllOn(exporter);
    const found: ClaimRecord[] = [];
    for (const [run, records] of left) {
      const sealed = await readSealed(sealedPath(run));
      found.push(...[...records].filter(([key]) => !sealed.has(key)).map(([, record]) => record));
    }
    const mark: Record<string, number> = {};
    for (const name of await readdir(folder).catch((): string[] => [])) {
      if (!name.endsWith(SEALED)) continue;
      const run = name.slice(0, -SEALED.length);
      const read = since[run] ?? 0;
      // Made here: a thread for each of a thousand runs would cost more than the look.
      const size = statSync(sealedPath(run), { throwIfNoEntry: false })?.size ?? 0;
      mark[run] = Math.max(read, size);
      if (size > read) found.push(...(await readSealed(sealedPath(run), read)).values());
    }
    const claims = found
      .map(({ claim: fact }) => fact)
      .filter((fact) => fact.exporter === exporter)
      .toSorted((x, y) => x.atMs - y.atMs);
    return left.size === 0 ? { claims, mark } : { claims };
  };

  return {
    claim: (runId, key, fact) =>
      inClearWords('write into', folder, () => claim(safeName(runId), safeName(key), fact)),
    claimsOn,
    sealClaims: async (runId) => {
      await sealRun(safeName(runId));
    },
  };
}

/** What is sealed after the first `from` bytes. A line cut off by a power loss is left out. */
async function readSealed(path: string, from = 0): Promise<Records> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  const text = bytes.subarray(from).toString('utf8');
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
