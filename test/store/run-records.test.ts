import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { watch } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

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
    const made = await create(openRunRecords(folder), 'run-1');
    expect(made).toMatchObject({
      run_id: 'run-1',
      state: 'open',
      status: 'RUNNING',
      out: '/data/out',
      started_at: '1970-01-01T00:00:00.000Z',
      steps: [{ id: 'clean', kind: 'transform.sql', status: 'WAITING', attempts: 0 }],
    });
    const elsewhere = openRunRecords(folder);
    expect(await elsewhere.read('run-1')).toEqual(made);
    expect(await elsewhere.readPlan('run-1')).toEqual(planOf('run-1'));
    expect((await readdir(join(folder, 'runs', 'run-1'))).toSorted()).toEqual([
      'plan.json',
      'run.json',
    ]);
  }));

test('a closed record says how each step ended, whatever events came before or after', () =>
  withFolder(async (folder) => {
    const records = openRunRecords(folder);
    await create(records, 'run-1');
    records.noteEvent('run-1', { type: 'step_started', atMs: 1, step: 'clean', attempt: 1 });
    await records.close('run-1', { status: 'FAIL', outcomes: [outcome] });
    records.noteEvent('run-1', { type: 'step_started', atMs: 2, step: 'clean', attempt: 2 });
    expect(await openRunRecords(folder).read('run-1')).toMatchObject({
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
    const records = openRunRecords(folder);
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

test('lists runs newest first, and names the records that cannot be read', () =>
  withFolder(async (folder) => {
    const records = openRunRecords(folder);
    expect(await records.list()).toEqual({ records: [], damaged: [] });
    await create(records, 'old', 1000);
    await create(records, 'young', 2000);
    const damaged = join(folder, 'runs', 'broken', 'run.json');
    await mkdir(join(folder, 'runs', 'broken'));
    await writeFile(damaged, '{"run_id":');
    const list = await records.list();
    expect(list.records.map((record) => record.run_id)).toEqual(['young', 'old']);
    expect(list.damaged).toEqual([damaged]);
    await expect(records.read('broken')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  }));

test.each(['', '..', '../run-1', 'none'])('there is no run %j', (runId) =>
  withFolder(async (folder) => {
    await writeFile(join(folder, 'run.json'), '{}');
    expect(await openRunRecords(folder).read(runId)).toBeUndefined();
  }),
);

test('many changes at once leave a whole record with the last of them', () =>
  withFolder(async (folder) => {
    const records = openRunRecords(folder);
    await create(records, 'run-1');
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => records.update('run-1', { error: `change ${i}` })),
    );
    const text = await readFile(join(folder, 'runs', 'run-1', 'run.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ error: 'change 29' });
  }));

test('a change of the record does not undo what is noted of a step at the same time', () =>
  withFolder(async (folder) => {
    const records = openRunRecords(folder);
    await create(records, 'run-1');
    const changed = records.update('run-1', { error: 'one' });
    records.noteEvent('run-1', { type: 'step_started', atMs: 1, step: 'clean', attempt: 1 });
    await changed;
    expect(await openRunRecords(folder).read('run-1')).toMatchObject({
      error: 'one',
      steps: [{ status: 'RUNNING', attempts: 1 }],
    });
  }));

test('what is noted of a step is soon on disk, for whoever looks from outside', () =>
  withFolder(async (folder) => {
    const records = openRunRecords(folder);
    await create(records, 'run-1');
    const changed = nextChange(join(folder, 'runs', 'run-1'));
    records.noteEvent('run-1', { type: 'step_ended', atMs: 1, outcome });
    records.noteEvent('run-1', { type: 'step_started', atMs: 2, step: 'other', attempt: 1 });
    await changed;
    expect(await openRunRecords(folder).read('run-1')).toMatchObject({
      state: 'open',
      steps: [{ id: 'clean', status: 'FAIL', attempts: 2 }],
    });
  }));

test('a process that leaves its run open does not end before what was noted is written', () =>
  withFolder(async (folder) => {
    await create(openRunRecords(folder), 'run-1');
    const source = `
      const { openRunRecords } = await import(${JSON.stringify(moduleAt('../../src/store/run-records.ts'))});
      const records = openRunRecords(${JSON.stringify(folder)});
      await records.update('run-1', {});
      records.noteEvent('run-1', ${JSON.stringify({ type: 'step_ended', atMs: 1, outcome })});`;
    const typescript = moduleAt('../engine/processes/typescript.mjs');
    spawnSync(process.execPath, ['--import', typescript, '--input-type=module', '-e', source]);
    expect(await openRunRecords(folder).read('run-1')).toMatchObject({
      steps: [{ id: 'clean', status: 'FAIL' }],
    });
  }));

test('noting an event of an unknown run does nothing', () =>
  withFolder(async (folder) => {
    openRunRecords(folder).noteEvent('run-1', { type: 'step_ended', atMs: 1, outcome });
    expect(await readdir(folder)).toEqual([]);
  }));

test('a closed record has no step that runs or waits: what never ended was cancelled', () =>
  withFolder(async (folder) => {
    const records = openRunRecords(folder);
    await create(records, 'run-1');
    records.noteEvent('run-1', { type: 'step_started', atMs: 1, step: 'clean', attempt: 1 });
    await records.close('run-1', { status: 'CANCELLED', outcomes: [] });
    expect(await openRunRecords(folder).read('run-1')).toMatchObject({
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

test('a process that was taken over while it did not answer writes nothing into the record', () =>
  withFolder(async (folder) => {
    const late = openRunRecords(folder);
    await create(late, 'run-1');
    const next = openRunRecords(folder);
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

/** Settles when `run.json` is next replaced. */
async function nextChange(folder: string): Promise<void> {
  const watcher = watch(folder);
  try {
    await new Promise<void>((resolve) => {
      watcher.on('change', (_, name) => {
        if (name === 'run.json') resolve();
      });
    });
  } finally {
    watcher.close();
  }
}
