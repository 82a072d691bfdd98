import { expect, jest, test } from '@jest/globals';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { dieAt, dyingFs, dyingPromises, isDead, revive } from '../../store/journal/dying-files.ts';

import type { Sums } from '../../../src/store/folds/sums.ts';
import type { Store } from '../../../src/store/store.ts';
import type * as FixturesModule from '../../store/fixtures.ts';
import type * as HashingModule from '../../../src/os/hashing.ts';
import type * as LocalModule from '../../../src/store/local.ts';
import type * as OtherModule from '../../store/other-process.ts';
import type * as ProjectModule from '../../../src/run/project.ts';
import type * as RunsModule from '../../store/prune/runs.ts';

jest.setTimeout(180_000);

jest.unstable_mockModule('node:fs', () => dyingFs);
jest.unstable_mockModule('node:fs/promises', () => dyingPromises);
const { withFolder }: typeof FixturesModule = await import('../../store/fixtures.ts');
const { filesBelow }: typeof HashingModule = await import('../../../src/os/hashing.ts');
const { openLocalStore }: typeof LocalModule = await import('../../../src/store/local.ts');
const { deadProcess }: typeof OtherModule = await import('../../store/other-process.ts');
const { openProject }: typeof ProjectModule = await import('../../../src/run/project.ts');
const { closed, started, stepEnded, stored }: typeof RunsModule =
  await import('../../store/prune/runs.ts');

/** A state folder with three runs of dead processes, and of everything that may go. */
async function prepare(stateDir: string): Promise<void> {
  const write = async (name: string, text = name): Promise<void> => {
    await mkdir(join(stateDir, name, '..'), { recursive: true });
    await writeFile(join(stateDir, name), text);
  };
  await mkdir(stateDir);
  const store = await openLocalStore(join(stateDir, 'store'));
  for (const n of [1, 2, 3]) {
    const [id, fingerprint] = [`run-${n}`, `f${n}`];
    const { pid, born } = deadProcess();
    const started_at = `2026-10-0${n}T00:00:00.000Z`;
    await store.append([started(id, { pid, pid_born: born, started_at })]);
    await stored(store, stateDir, { fingerprint, runId: id, text: `bytes ${n}` });
    await store.append([stepEnded(id, fingerprint), closed(id)], { sync: true });
    await write(`runs/${id}/plan.json`);
    await write(`runs/${id}/logs/step.log`);
    await write(`attempts/${id}/step.1-1/spill/part`);
  }
  await write('stores', '"store"\n');
  await write('engine/1.32.0/temporal.db');
  await write('engine/server.log');
  await rm(join(stateDir, 'attempt'), { recursive: true });
  store.close();
}

/** What is on record is whole, at every moment. */
async function nothingIsHalfGone(stateDir: string): Promise<void> {
  const store = await openLocalStore(join(stateDir, 'store'));
  for (const { run_id: id } of await store.runs()) {
    expect(await readFile(join(stateDir, 'runs', id, 'plan.json'), 'utf8')).toMatch(/plan/);
    await readFile(join(stateDir, 'runs', id, 'logs', 'step.log'));
  }
  const { results } = await store.prune((pruning) => pruning.survey(), { look: true });
  for (const { fingerprint, files } of results) {
    for (const { name, bytes } of files) {
      const path = await store.materialize({ sha256: name });
      expect({ fingerprint, length: (await readFile(path)).length }).toEqual({
        fingerprint,
        length: bytes,
      });
    }
  }
  const { steps } = await sumsOf(store, '9099');
  expect(Object.values(steps)).toMatchObject([{ statuses: { OK: 3 } }]);
  store.close();
}

/** The locks, and drafts of locks, of a process that is dead by now. */
async function dropLocks(stateDir: string): Promise<void> {
  for (const folder of ['store', 'engine']) {
    for (const name of await readdir(join(stateDir, folder))) {
      if (/^(pruning|lock)\.\d+$|^\d+-[0-9a-f]{8}-\d+-/.test(name))
        await rm(join(stateDir, folder, name));
    }
  }
}

test('killed before any change that pruning makes: nothing is half gone, and the next time it is finished', () =>
  withFolder(async (folder) => {
    await prepare(join(folder, 'prepared'));
    let calls = 1;
    for (let isOver = false; !isOver; calls += 1) {
      const stateDir = join(folder, `state-${calls}`);
      await cp(join(folder, 'prepared'), stateDir, { recursive: true });
      dieAt(calls, 5);
      await openProject({ stateDir, kinds: [] })
        .prune()
        .catch(() => undefined);
      isOver = !isDead();
      revive();
      await dropLocks(stateDir);
      await nothingIsHalfGone(stateDir);

      await openProject({ stateDir, kinds: [] }).prune();
      await nothingIsHalfGone(stateDir);
      const left = (await filesBelow(stateDir)).map((name) => name.replace(/[0-9a-f]{12,}/, '*'));
      expect({ calls, left }).toEqual({
        calls,
        left: [
          'runs/run-3/logs/step.log',
          'runs/run-3/plan.json',
          expect.stringMatching(/^store\/artifacts/),
          expect.stringMatching(/\.table$/),
          'store/journal/tables',
          'stores',
        ],
      });
      await rm(stateDir, { recursive: true });
    }
    expect(calls).toBeGreaterThan(30);
  }));

/** What an exporter has counted. */
async function sumsOf(store: Pick<Store, 'changes'>, exporter: string): Promise<Sums> {
  const changes = await store.changes();
  if (!('all' in changes)) throw new Error('without a cursor all of it is answered');
  return changes.all.sums[exporter]!;
}
