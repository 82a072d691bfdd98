/**
 * A process that prunes a state folder without end, or one that has runs in it without end: each looks results up,
 * makes those that are not there, and reads their bytes again later, as a step that works for a while does.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { openRecords } from '../../../src/run/records.ts';
import { openProject } from '../../../src/run/project.ts';
import { resultOf } from '../../store/fixtures.ts';

import type { Plan } from '../../../src/model/plan.ts';
import type { Outcome } from '../../../src/model/outcome.ts';

const [what, stateDir = '', name = ''] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** Fewer results than runs, so that most are found, dropped and made again. */
const RESULTS = 6;

if (what === 'prune') {
  const project = openProject({ stateDir, kinds: [] });
  say('ready');
  for (;;) {
    const { rows } = await project.prune({ keepRuns: 0 });
    say(JSON.stringify(rows.map((row) => [row.what, row.count])));
  }
} else {
  const { store, records } = await openRecords(stateDir);
  for (let i = 0; ; i += 1) {
    const runId = `run-${name}-${i}`;
    const step = { id: 'step', kind: 'transform.sql' };
    const plan = {
      ...{ job: 'job', profile: 'profile', params: {}, steps: [step] },
      run: { id: runId, generation: 1, planSha256: 'p' },
    } as unknown as Plan;
    const about = { jobPath: '', profilePath: '', params: [], startedAtMs: Date.now() };
    await records.create({ plan, ...about });
    const text = String(Math.floor(Math.random() * RESULTS)).repeat(100);
    const fingerprint = `f${text[0]}`;
    const found = (await store.findResult(fingerprint)) ?? (await made(runId, fingerprint, text));
    const table = found.result.outputs['table']!;
    const path = await store.materialize(table);
    for (let looks = 0; looks < 3; looks += 1) {
      if ((await readFile(path, 'utf8')) !== text) throw new Error(`${path} holds something else`);
      await pause(Math.random() * 60);
    }
    await store.copyTo(table, join(stateDir, `delivered-${name}`));
    const noted = await store.noted(fingerprint);
    if (noted?.columns['table'] === undefined)
      throw new Error(`the columns of ${fingerprint} are gone`);
    const outcome = {
      ...{ step: 'step', kind: 'transform.sql', status: 'OK', fingerprint },
      ...{ attempts: 1, lost: 0, durationMs: 1, elapsedMs: 1, endedAtMs: Date.now() },
    } as Outcome;
    await records.close(runId, { status: 'OK', outcomes: [outcome] });
    say(runId);
  }

  async function made(runId: string, fingerprint: string, text: string) {
    const path = join(stateDir, `made-${name}`);
    await writeFile(path, text);
    const table = await store.put(path, { format: 'csv' });
    // Its bytes lie there, and nothing names them yet.
    await pause(Math.random() * 150);
    const result = resultOf({ table }, { runId, bootId: store.bootId }, fingerprint);
    return store.putResult(fingerprint, result);
  }
}
