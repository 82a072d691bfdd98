import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { openMetricsFile } from '../../src/metrics/metrics-file.ts';
import { deadProcess } from '../store/other-process.ts';
import { newTelemetry, outcome, processOn, shape } from './facts.ts';

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-metrics-file-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('is there from the first moment, holds what was counted, and nothing of the process', () =>
  withFolder(async (folder) => {
    const { telemetry, add } = processOn();
    telemetry.seed(shape);
    const path = join(folder, 'sales.prom');
    const file = await openMetricsFile(path, telemetry);
    expect(await readFile(path, 'utf8')).toContain('# TYPE pipeline_step_status_total counter');
    await add(outcome('run-1', 1000, 'FAIL'));
    await file.close();
    const text = await readFile(path, 'utf8');
    expect(text).toMatch(/^pipeline_step_status_total\{.*status="FAIL"\} 1$/m);
    expect(text).not.toMatch(/^(process|nodejs)_/m);
    expect(await readdir(folder)).toEqual(['sales.prom']);
  }));

test('belongs to one process at a time; a dead one does not hold it', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'sales.prom');
    await writeFile(
      join(folder, '.sales.prom.lock.1'),
      JSON.stringify({ owner: deadProcess(), about: {} }),
    );
    const file = await openMetricsFile(path, newTelemetry());
    await expect(openMetricsFile(path, newTelemetry())).rejects.toMatchObject({
      code: 'METRICS_FILE_BUSY',
    });
    await file.close();
    await (await openMetricsFile(path, newTelemetry())).close();
  }));

test('is refused in words where it cannot be', () =>
  withFolder(async (folder) => {
    const open = (name: string) => openMetricsFile(join(folder, name), newTelemetry());
    await expect(open('sales.txt')).rejects.toThrow('its name ends with .prom');
    await expect(open('absent/sales.prom')).rejects.toMatchObject({ code: 'BAD_USAGE' });
  }));
