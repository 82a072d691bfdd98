import { expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openWorkerLog } from '../../../src/run/worker/worker-log.ts';

/** The first line of a log, once it is there. */
async function firstLine(file: string): Promise<Record<string, unknown>> {
  for (;;) {
    const [line = ''] = (await readFile(file, 'utf8').catch(() => '')).split('\n');
    if (line !== '') return JSON.parse(line) as Record<string, unknown>;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('the workflow of some items is of the run that its id begins with', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'builder-worker-log-'));
  try {
    const file = join(folder, 'worker.log');
    openWorkerLog(file)('WARN', 'Workflow failed', { workflowId: 'run-1/score/1.0' });
    expect(await firstLine(file)).toMatchObject({
      run_id: 'run-1',
      workflow_id: 'run-1/score/1.0',
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a line about an error has its message and stack, the run, the step and the attempt', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'builder-worker-log-'));
  try {
    const file = join(folder, 'worker.log');
    const about = { workflowId: 'run-1', activityId: 'clean', attempt: 2 };
    openWorkerLog(file)('WARN', 'Activity failed', { ...about, error: new Error('no such table') });
    expect(await firstLine(file)).toMatchObject({
      msg: 'Activity failed',
      run_id: 'run-1',
      step: 'clean',
      attempt: 2,
      err: { message: 'no such table', stack: expect.stringContaining('Error: no such table') },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
