import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { openLocalStore } from '../../src/store/local.ts';
import { openRunRecords, driverState } from '../../src/store/run-records.ts';
import { withFolder } from './fixtures.ts';
import { deadProcess, withLivingProcess } from './other-process.ts';

import type { Outcome } from '../../src/model/outcome.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { RunRecord } from '../../src/model/run-record.ts';
import type { RunRecords } from '../../src/store/run-records.ts';

const step = { id: 'clean', kind: 'transform.sql' };
const outcome: Outcome = {
  step: 'clean',
  kind: 'transform.sql',
  status: 'FAIL',
  reason: 'it failed',
  attempts: 2,
  lost: 0,
  durationMs: 5,
  elapsedMs: 9,
  endedAtMs: 20,
  rowsOut: 3,
};

function planOf(id: string, generation = 1): Plan {
  return {
    job: 'job',
    profile: 'profile',
    params: { country: 'US' },
    steps: [step],
    run: { id, generation, planSha256: 'p', out: '/data/out' },
  } as unknown as Plan;
}

/** The records of a state folder as another process opens them. */
async function recordsIn(folder: string): Promise<RunRecords> {
  return openRunRecords(folder, await openLocalStore(join(folder, 'store')));
}

function create(records: RunRecords, id: string, startedAtMs = 0): Promise<RunRecord> {
  return records.create({
    plan: planOf(id),
    jobPath: '/jobs/job.yaml',
    profilePath: '/profiles/profile.yaml',
    params: ['country=US'],
    startedAtMs,
  });
}

test('a run is on record, with its plan, before anything of it has run', () =>
  withFolder(async (folder) => {
    const made = await create(await recordsIn(folder), 'run-1');
    expect(made).toMatchObject({
      run_id: 'run-1',
      state: 'open',
      status: 'RUNNING',
      out: '/data/out',
      started_at: '1970-01-01T00:00:00.000Z',
      steps: [{ id: 'clean', kind: 'transform.sql', status: 'WAITING', attempts: 0 }],
    });
    const elsewhere = await recordsIn(folder);
    expect(await elsewhere.read('run-1')).toEqual(made);
    expect(await elsewhere.readPlan('run-1')).toEqual(planOf('run-1'));
    expect((await readdir(join(folder, 'runs', 'run-1'))).toSorted()).toEqual([
      'plan.json',
      'run.json',
    ]);
  }));

test('a run that is pruned in the moment it has ended has ended as it did', () =>
  withFolder(async (folder) => {
    const store = await openLocalStore(join(folder, 'store'));
    let isPruned = false;
    const records = openRunRecords(folder, {
      ...store,
      append: async (entries, options) => {
        const appended = await store.append(entries, options);
        isPruned = entries.some(({ type }) => type === 'closed');
        return appended;
      },
      run: async (id) => (isPruned ? undefined : store.run(id)),
    });
    await create(records, 'run-1');
    const closed = await records.close('run-1', { status: 'FAIL', outcomes: [outcome] });
    expect(closed).toMatchObject({ run_id: 'run-1', state: 'closed', status: 'FAIL' });
    expect(closed.steps).toMatchObject([{ id: 'clean', status: 'FAIL', rows_out: 3 }]);
  }));

test('the steps of a profile are on record, and not those of one for each of many items', () =>
  withFolder(async (folder) => {
    const part = { kind: 'profile', nested: { steps: [step] } };
    const steps = [
      { ...part, id: 'once' },
      { ...part, id: 'each', foreach: {} },
    ];
    const made = await (
      await recordsIn(folder)
    ).create({
      plan: { ...planOf('run-1'), steps } as unknown as Plan,
      jobPath: '',
      profilePath: '',
      params: [],
      startedAtMs: 0,
    });
    expect(made.steps.map(({ id, steps: inner }) => [id, inner?.length])).toEqual([
      ['once', 1],
      ['each', undefined],
    ]);
  }));

test('a closed record says how each step ended, whatever events came before or after', () =>
  withFolder(async (folder) => {
    const records = await recordsIn(folder);
    await create(records, 'run-1');
    records.noteEvent('run-1', { type: 'step_started', atMs: 1, step: 'clean', attempt: 1 });
    await records.close('run-1', { status: 'FAIL', outcomes: [outcome] });
    records.noteEvent('run-1', { type: 'step_started', atMs: 2, step: 'clean', attempt: 2 });
    expect(await (await recordsIn(folder)).read('run-1')).toMatchObject({
      state: 'closed',
      status: 'FAIL',
      steps: [
        {
          id: 'clean',
          kind: 'transform.sql',
          status: 'FAIL',
          reason: 'it failed',
          attempts: 2,
          duration_ms: 5,
          elapsed_ms: 9,
          rows_out: 3,
        },
      ],
    });
  }));

test('a run that goes on keeps when it first started, and forgets how it ended', () =>
  withFolder(async (folder) => {
    const records = await recordsIn(folder);
    await create(records, 'run-1', 1000);
    await records.close('run-1', { status: 'FAIL', outcomes: [outcome] });
    const again = await records.reopen('run-1', planOf('run-1', 2));
    expect(again).toMatchObject({
      state: 'open',
      status: 'RUNNING',
      generation: 2,
      started_at: '1970-01-01T00:00:01.000Z',
      steps: [{ status: 'WAITING' }],
    });
    expect(Object.keys(again)).not.toContain('finished_at');
    expect(Object.keys(again)).not.toContain('error');
  }));

test('lists runs newest first, whatever became of the copies for people', () =>
  withFolder(async (folder) => {
    const records = await recordsIn(folder);
    expect(await records.list()).toEqual([]);
    await create(records, 'old', 1000);
    await create(records, 'young', 2000);
    await writeFile(join(folder, 'runs', 'old', 'run.json'), '');
    const elsewhere = await recordsIn(folder);
    expect((await elsewhere.list()).map((record) => record.run_id)).toEqual(['young', 'old']);
    expect(await elsewhere.read('old')).toMatchObject({ state: 'open' });
    expect((await elsewhere.reopen('old', planOf('old', 2))).generation).toBe(2);
  }));

test('of two processes that go on with one run at once, one is told that it is busy', () =>
  withFolder(async (folder) => {
    const records = await recordsIn(folder);
    await create(records, 'run-1');
    const rivals = await Promise.all([recordsIn(folder), recordsIn(folder)]);
    const told = await Promise.allSettled(
      rivals.map((rival) => rival.reopen('run-1', planOf('run-1', 2))),
    );
    expect(told.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(told.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'OUT_BUSY' },
    });
  }));

test('two state folders on one store each list their own runs', () =>
  withFolder(async (folder) => {
    const store = await openLocalStore(join(folder, 'shared'));
    const [a, b] = ['a', 'b'].map((name) =>
      openRunRecords(join(folder, name), store, { shared: true }),
    );
    await create(a!, 'run-a');
    await create(b!, 'run-b');
    expect((await a!.list()).map((record) => record.run_id)).toEqual(['run-a']);
    expect((await b!.list()).map((record) => record.run_id)).toEqual(['run-b']);
  }));

test('two state folders of one path, on two machines, each list their own runs', () =>
  withFolder(async (folder) => {
    const store = await openLocalStore(join(folder, 'shared'));
    const [here, elsewhere] = [join(folder, 'state'), join(folder, 'on another machine')];
    const records = () => openRunRecords(here, store, { shared: true });
    await create(records(), 'run-a');
    await rename(here, elsewhere);
    expect(await records().list()).toEqual([]);
    await create(records(), 'run-b');
    expect((await records().list()).map((record) => record.run_id)).toEqual(['run-b']);
    await rm(here, { recursive: true });
    await rename(elsewhere, here);
    expect((await records().list()).map((record) => record.run_id)).toEqual(['run-a']);
  }));

test.each(['', '..', '../run-1', 'none'])('there is no run %j', (runId) =>
  withFolder(async (folder) => {
    await writeFile(join(folder, 'run.json'), '{}');
    expect(await (await recordsIn(folder)).read(runId)).toBeUndefined();
  }),
);

test('many changes at once leave a whole record with the last of them', () =>
  withFolder(async (folder) => {
    const records = await recordsIn(folder);
    await create(records, 'run-1');
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => records.update('run-1', { error: `change ${i}` })),
    );
    expect(await (await recordsIn(folder)).read('run-1')).toMatchObject({ error: 'change 29' });
  }));

test('a change of the record does not undo what is noted of a step at the same time', () =>
  withFolder(async (folder) => {
    const records = await recordsIn(folder);
    await create(records, 'run-1');
    const changed = records.update('run-1', { error: 'one' });
    records.noteEvent('run-1', { type: 'step_started', atMs: 1, step: 'clean', attempt: 1 });
    await changed;
    expect(await (await recordsIn(folder)).read('run-1')).toMatchObject({
      error: 'one',
      steps: [{ status: 'RUNNING', attempts: 1 }],
    });
  }));

test('what is noted of a step is at once on record, for whoever looks from outside', () =>
  withFolder(async (folder) => {
    const records = await recordsIn(folder);
    const elsewhere = await recordsIn(folder);
    await create(records, 'run-1');
    records.noteEvent('run-1', { type: 'step_ended', atMs: 1, outcome });
    await records.update('run-1', {});
    expect(await elsewhere.read('run-1')).toMatchObject({
      state: 'open',
      steps: [{ id: 'clean', status: 'FAIL', attempts: 2 }],
    });
  }));

test('a process that leaves its run open does not end before what was noted is written', () =>
  withFolder(async (folder) => {
    await create(await recordsIn(folder), 'run-1');
    const source = `
      const { openRunRecords } = await import(${JSON.stringify(moduleAt('../../src/store/run-records.ts'))});
      const { openLocalStore } = await import(${JSON.stringify(moduleAt('../../src/store/local.ts'))});
      const store = await openLocalStore(${JSON.stringify(join(folder, 'store'))});
      const records = openRunRecords(${JSON.stringify(folder)}, store);
      await records.update('run-1', {});
      records.noteEvent('run-1', ${JSON.stringify({ type: 'step_ended', atMs: 1, outcome })});`;
    const typescript = moduleAt('../engine/processes/typescript.mjs');
    spawnSync(process.execPath, ['--import', typescript, '--input-type=module', '-e', source]);
    expect(await (await recordsIn(folder)).read('run-1')).toMatchObject({
      steps: [{ id: 'clean', status: 'FAIL' }],
    });
  }));

test('noting an event of an unknown run does nothing', () =>
  withFolder(async (folder) => {
    (await recordsIn(folder)).noteEvent('run-1', { type: 'step_ended', atMs: 1, outcome });
    expect(await readdir(folder)).toEqual(['store']);
  }));

test('a closed record has no step that runs or waits: what never ended was cancelled', () =>
  withFolder(async (folder) => {
    const records = await recordsIn(folder);
    await create(records, 'run-1');
    records.noteEvent('run-1', { type: 'step_started', atMs: 1, step: 'clean', attempt: 1 });
    await records.close('run-1', { status: 'CANCELLED', outcomes: [] });
    expect(await (await recordsIn(folder)).read('run-1')).toMatchObject({
      status: 'CANCELLED',
      steps: [{ id: 'clean', status: 'CANCELLED', attempts: 1 }],
    });
  }));

test('tells whether the process that drives a run lives', () =>
  withLivingProcess(async ({ pid, born, ...pid_place }, kill) => {
    const dead = deadProcess();
    expect(driverState({ pid, pid_born: born, pid_place })).toBe('alive');
    expect(driverState({ pid, pid_born: `${born}1`, pid_place })).toBe('dead');
    expect(driverState({ pid: dead.pid, pid_born: dead.born, pid_place })).toBe('dead');
    // A record of an earlier version, or of another container.
    expect(driverState({ pid, pid_born: born })).toBe('alive');
    expect(driverState({ pid, pid_born: `${born}1` })).toBe('unknown');
    const elsewhere = { ...pid_place, pidns: '1' };
    expect(driverState({ pid, pid_born: born, pid_place: elsewhere })).toBe('unknown');
    await kill();
    expect(driverState({ pid, pid_born: born, pid_place })).toBe('dead');
  }));

test("a run that its process has let go of is nobody's, also where that process cannot be seen", () =>
  withFolder(async (folder) => {
    const records = await recordsIn(folder);
    await create(records, 'run-1');
    await records.letGo('run-1');
    const left = (await (await recordsIn(folder)).read('run-1'))!;
    expect(driverState({ ...left, pid_place: { ...left.pid_place!, pidns: '1' } })).toBe('dead');
  }));

test('a process that was taken over while it did not answer writes nothing into the record', () =>
  withFolder(async (folder) => {
    const late = await recordsIn(folder);
    await create(late, 'run-1');
    const next = await recordsIn(folder);
    const plan = await next.readPlan('run-1');
    await next.reopen('run-1', { ...plan, run: { ...plan.run, generation: 2 } });
    await expect(late.close('run-1', { status: 'OK', outcomes: [] })).rejects.toMatchObject({
      code: 'FENCED',
    });
    expect(await next.read('run-1')).toMatchObject({ state: 'open', generation: 2 });
  }));

function moduleAt(path: string): string {
  return new URL(path, import.meta.url).href;
}
