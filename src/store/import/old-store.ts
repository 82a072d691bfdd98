/**
 * Takes what a store of version 0.1 holds into the journal: results, and what was counted. Once.
 *
 * 1. The first of a kind wins in the journal, so an import that was cut off, or is made twice at once, is made again.
 * 2. The old files go when all of it is on disk. What in them cannot be read counts as absent, as it did.
 */

import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Entry, Fact, StoredResult } from '../entries.ts';
import type { StoreJournal } from '../journal-store.ts';

/** Folders of a store of 0.1 that the journal takes the place of. */
const OLD = Object.freeze({ results: 'results', latest: 'latest', claims: 'claims' });
/** Entries that are appended at once. */
const AT_ONCE = 200;

type OldLine = { readonly key: string; readonly claim: OldClaim };
type OldClaim = Omit<Fact, 'generation' | 'attempt'>;

/** Imports what there is. Costs one look where there is nothing. */
export async function importOldStore(root: string, journal: StoreJournal): Promise<void> {
  const names = await readdir(root).catch((): string[] => []);
  const old = Object.values(OLD).filter((name) => names.includes(name));
  if (old.length === 0) return;
  let batch: Entry[] = [];
  const flush = async (): Promise<void> => {
    await journal.append(batch, { sync: true });
    batch = [];
  };
  for (const entries of [oldResults(root), oldFacts(root)]) {
    for await (const entry of entries) {
      batch.push(entry);
      if (batch.length >= AT_ONCE) await flush();
    }
    await flush();
  }
  await journal.settled();
  for (const name of old) await rm(join(root, name), { recursive: true, force: true });
}

/** Oldest first, so that the newest of a step is its latest. */
async function* oldResults(root: string): AsyncGenerator<Entry> {
  const found: { readonly path: string; readonly writtenAtMs: number }[] = [];
  const folder = join(root, OLD.results);
  for (const shard of await namesIn(folder)) {
    for (const name of await namesIn(join(folder, shard))) {
      const path = join(folder, shard, name);
      const stored = await readJson<StoredResult>(path);
      if (isResult(stored, name)) found.push({ path, writtenAtMs: stored.writtenAtMs });
    }
  }
  found.sort((a, b) => a.writtenAtMs - b.writtenAtMs);
  for (const { path } of found) {
    const stored = await readJson<StoredResult>(path);
    if (stored === undefined) continue;
    yield { type: 'result', fingerprint: stored.result.fingerprint, stored };
  }
}

/** The name is the fingerprint: a file that says another one is damaged. */
function isResult(stored: StoredResult | undefined, name: string): stored is StoredResult {
  const fingerprint = stored?.result?.fingerprint;
  return typeof fingerprint === 'string' && name === `${fingerprint}.json`;
}

/** The claims of each run in the order in which they can have happened. */
async function* oldFacts(root: string): AsyncGenerator<Entry> {
  const folder = join(root, OLD.claims);
  const runs = new Set(
    (await namesIn(folder))
      .filter((name) => !name.includes('.sealing'))
      .map((name) => name.replace(/\.jsonl$/, '')),
  );
  for (const run of runs) {
    const claims = new Map<string, OldClaim>();
    for (const line of (await readText(join(folder, `${run}.jsonl`))).split('\n')) {
      const record = parse(line) as OldLine | undefined;
      if (record?.claim !== undefined) claims.set(record.key, record.claim);
    }
    for (const key of await namesIn(join(folder, run))) {
      const record = await readJson<{ readonly claim: OldClaim }>(join(folder, run, key));
      if (record?.claim !== undefined && !claims.has(key)) claims.set(key, record.claim);
    }
    yield* factsOf([...claims]);
  }
}

/**
 * A key says the start of the run: `attempt-<generation>-<step>-<number>`, `outcome-<generation>-<step>`,
 * `run-<generation>`; `outcome-<step>` is a success, whose start follows from its time.
 */
function factsOf(claims: readonly (readonly [key: string, claim: OldClaim])[]): readonly Fact[] {
  const known = claims.map(([key, claim]) => {
    const [, generation, attempt] =
      /^(?:attempt|outcome|run)-(\d+)(?:-.*?(\d+)?)?$/.exec(key) ?? [];
    return {
      claim,
      attempt: Number(attempt ?? 1),
      generation: generation === undefined ? undefined : Number(generation),
    };
  });
  const startOf = (atMs: number): number =>
    known.reduce(
      (latest, { claim, generation = 1 }) =>
        claim.atMs <= atMs ? Math.max(latest, generation) : latest,
      1,
    );
  return known
    .map(
      ({ claim, generation, attempt }) =>
        ({
          ...claim,
          generation: generation ?? startOf(claim.atMs),
          ...(claim.type === 'attempt' ? { attempt } : {}),
        }) as Fact,
    )
    .sort(
      (a, b) =>
        a.generation - b.generation ||
        Number(a.type === 'run') - Number(b.type === 'run') ||
        a.atMs - b.atMs,
    );
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch((): string[] => [])).toSorted();
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

async function readJson<T>(path: string): Promise<T | undefined> {
  return parse(await readText(path)) as T | undefined;
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
