/** What a Prometheus knows of the time before it was started. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runTool } from '../../../src/engine/run-tool.ts';
import { prometheusTools } from '../servers.ts';

const EVERY_S = 60;
const FROM_S = 2 * 3600;
/** What is newer than its blocks, a Prometheus takes from its targets. */
const TO_S = 1800;

/** Writes blocks in which each of these series is 1, from two hours ago until half an hour ago. */
export async function writePast(folder: string, series: readonly string[]): Promise<void> {
  const nowS = Math.floor(Date.now() / 1000);
  const times = Array.from(
    { length: (FROM_S - TO_S) / EVERY_S },
    (_, n) => nowS - FROM_S + n * EVERY_S,
  );
  const lines = series.flatMap((one) => times.map((timeS) => `${one} 1 ${timeS}`));
  const samples = join(folder, 'past.txt');
  await writeFile(samples, [...lines, '# EOF', ''].join('\n'));
  const { promtool } = await prometheusTools();
  const words = 'tsdb create-blocks-from openmetrics --quiet'.split(' ');
  await runTool([promtool, ...words, samples, join(folder, 'data')], {
    env: process.env,
    timeoutMs: 60_000,
  });
}
