import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { openMetricsFile } from '../../src/metrics/metrics-file.ts';
import { until } from '../harness/cli.ts';
import { deadProcess } from '../store/other-process.ts';
import { memoryStore, newTelemetry, outcome, processOn, shape } from './facts.ts';

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

test('what the command before left in it stays until this one has something to tell', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'sales.prom');
    const left = 'pipeline_run_started_timestamp_seconds{job="sales",profile="nightly"} 1\n';
    await writeFile(path, left);
    const { telemetry } = processOn();
    const file = await openMetricsFile(path, telemetry);
    expect(await readFile(path, 'utf8')).toBe(left);
    telemetry.seed(shape);
    await file.close();
    expect(await readFile(path, 'utf8')).toContain('status="FAIL"} 0');
  }));

/** Samples by name and labels, over all files of a folder as a collector reads them. */
async function seriesIn(folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.prom'));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap((text) =>
    text.split('\n').flatMap((line) => (/^\w/.test(line) ? [line.replace(/ \S+$/, '')] : [])),
  );
}

test('files of two jobs of one store never hold one series', () =>
  withFolder(async (folder) => {
    const store = memoryStore();
    for (const job of ['a', 'b']) {
      const { telemetry, add } = processOn({ store, exporter: `file:${job}` });
      telemetry.seed({ ...shape, job });
      const file = await openMetricsFile(join(folder, `${job}.prom`), telemetry);
      await add({ ...outcome(`run-${job}`, 1000, 'FAIL'), job });
      await file.close();
    }
    const series = await seriesIn(folder);
    expect(series.length).toBeGreaterThan(80);
    expect(new Set(series).size).toBe(series.length);
    expect(series.filter((name) => !name.includes('job="'))).toEqual([]);
  }));

test('a job that another file holds is left out, with a line that says so', () =>
  withFolder(async (folder) => {
    const said: string[] = [];
    for (const name of ['old.prom', 'new.prom']) {
      const { telemetry } = processOn();
      telemetry.seed(shape);
      const path = join(folder, name);
      await (await openMetricsFile(path, telemetry, (line) => said.push(line))).close();
    }
    const series = await seriesIn(folder);
    expect(new Set(series).size).toBe(series.length);
    expect(said).toEqual([
      'metrics   sales with nightly is in old.prom beside new.prom already, so not in this one; remove old.prom if it is of the past',
    ]);
  }));

test('is refused in words where it cannot be', () =>
  withFolder(async (folder) => {
    const open = (name: string) => openMetricsFile(join(folder, name), newTelemetry());
    await expect(open('sales.txt')).rejects.toThrow('its name ends with .prom');
    await expect(open('absent/sales.prom')).rejects.toMatchObject({ code: 'BAD_USAGE' });
  }));

test('an older text never takes the place of a newer one, however long it takes', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'sales.prom');
    let asked = 0;
    let goOn: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (goOn = resolve));
    const file = await openMetricsFile(path, {
      metricsError: () => undefined,
      fileText: async () => {
        const mine = (asked += 1);
        if (mine === 2) await slow;
        return `text ${mine}\n`;
      },
    });
    const first = file.write();
    await until(() => asked === 2, 'the first write asks');
    const second = file.write();
    // One that does not wait is through by then.
    await Promise.race([second, turns(1000)]);
    goOn();
    await Promise.all([first, second]);
    expect(await readFile(path, 'utf8')).toBe('text 3\n');
    await file.close();
    expect(await readFile(path, 'utf8')).toBe('text 4\n');
  }));

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
