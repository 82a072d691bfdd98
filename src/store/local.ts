/** A store in a folder of this machine's disk, shared by any number of its processes. */

import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { openArtifacts } from './artifacts.ts';
import { sweepTemporary } from '../os/atomic.ts';
import { readBootId } from '../os/boot-id.ts';
import { withLease } from '../os/lease-turn.ts';
import { inClearWords } from './fs-failure.ts';
import { STORE_FOLDING } from './folds/folding.ts';
import { importOldStore } from './import/old-store.ts';
import { localTurn } from './local-turn.ts';
import { makeFolder } from '../os/make-folder.ts';
import { makeJournalStore } from './journal-store.ts';
import { openJournal } from './journal/journal.ts';
import { localLeases } from './local-leases.ts';
import { localBatches, localBytes } from './prune/local-bytes.ts';
import { makeStorePruning } from './prune/prune-store.ts';
import { safeName } from '../os/safe-name.ts';

import type { Soundness, StoreJournal } from './journal-store.ts';
import type { Store } from './store.ts';

/** Opens a store, and removes what dead processes left half-written in it. @throws UserError STATE_DIR_UNUSABLE */
export async function openLocalStore(
  root: string,
  options: { readonly bootId?: string; readonly now?: () => number } = {},
): Promise<Store> {
  const bootId = options.bootId ?? readBootId();
  const tmp = join(root, 'tmp');
  try {
    await makeFolder(tmp);
    await makeFolder(join(root, 'artifacts'));
    await makeFolder(journalFolder(root));
  } catch (error) {
    throw new UserError(
      'STATE_DIR_UNUSABLE',
      `the store ${root} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
      { hint: 'Give another one with --store or --state-dir.', cause: error },
    );
  }
  await sweepTemporary(tmp, options.now);
  await dropOldMarks(join(root, 'verified'), bootId);
  const journal = openStoreJournal(root);
  await inClearWords('write into', root, () => importOldStore(root, journal));
  return storeOver(root, { tmp, bootId, journal });
}

/** Opens a store to look things up in it: nothing is made or tidied, and there may be none. */
export function openStoreToRead(root: string): Store {
  const journal = openStoreJournal(root);
  return storeOver(root, { tmp: join(root, 'tmp'), bootId: readBootId(), journal });
}

function storeOver(
  root: string,
  about: { readonly tmp: string; readonly bootId: string; readonly journal: StoreJournal },
): Store {
  const { tmp, bootId, journal } = about;
  const artifacts = openArtifacts(root, tmp);
  return {
    bootId,
    ...artifacts,
    ...localLeases(root),
    ...inWords(
      journalFolder(root),
      makeJournalStore({ journal, artifacts, bootId, soundness: soundnessIn(root, bootId) }),
    ),
    prune: async (work, { look = false, onWait = () => undefined } = {}) => {
      const pruning = (check: () => void) =>
        makeStorePruning({
          ...{ journal, artifacts, check },
          bytes: localBytes(root),
          batches: localBatches(root),
        });
      if (look) return inClearWords('read', root, () => work(pruning(() => undefined)));
      return inClearWords('remove from', root, () =>
        withLease(
          join(root, 'pruning'),
          async (lease) => {
            await sweepTemporary(root);
            return work(pruning(() => lease.check()));
          },
          { onWait },
        ),
      );
    },
    adopting: localTurn(join(root, 'adopter')),
    settled: () => journal.settled(),
    close: () => journal.close(),
  };
}

/** The journal of a store. */
export function openStoreJournal(root: string): StoreJournal {
  return openJournal({ folder: journalFolder(root), folding: STORE_FOLDING });
}

function journalFolder(root: string): string {
  return join(root, 'journal');
}

/** Every refusal of the file system in clear words. */
function inWords(folder: string, store: ReturnType<typeof makeJournalStore>): typeof store {
  const read = <T>(work: () => Promise<T>): Promise<T> => inClearWords('read', folder, work);
  const write = <T>(work: () => Promise<T>): Promise<T> => inClearWords('write into', folder, work);
  return {
    findResult: (fingerprint) => read(() => store.findResult(fingerprint)),
    findResults: (fingerprints) => read(() => store.findResults(fingerprints)),
    noted: (fingerprint) => read(() => store.noted(fingerprint)),
    putResult: (fingerprint, stored) => write(() => store.putResult(fingerprint, stored)),
    latestOf: (job, profile, step, partition) =>
      read(() => store.latestOf(job, profile, step, partition)),
    append: (entries, options) => write(() => store.append(entries, options)),
    run: (runId) => read(() => store.run(runId)),
    runs: (options) => read(() => store.runs(options)),
    changes: (cursor) => read(() => store.changes(cursor)),
    adopter: () => read(() => store.adopter()),
  };
}

/** A mark only saves work: where it cannot be written, the next look hashes again. */
function soundnessIn(root: string, bootId: string): Soundness {
  const markOf = (fingerprint: string): string =>
    join(root, 'verified', bootId, safeName(fingerprint));
  return {
    isKnown: (fingerprint) => existsSync(markOf(fingerprint)),
    note: async (fingerprint) => {
      const mark = markOf(fingerprint);
      await mkdir(dirname(mark), { recursive: true })
        .then(() => writeFile(mark, ''))
        .catch(() => undefined);
    },
  };
}

/** What was verified in an earlier boot says nothing about this one. */
async function dropOldMarks(folder: string, bootId: string): Promise<void> {
  for (const name of await readdir(folder).catch((): string[] => [])) {
    if (name !== bootId) await rm(join(folder, name), { recursive: true, force: true });
  }
}
