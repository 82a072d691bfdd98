/** From the shell to a first step with nothing started before, and the prompt back; against a bare script on the SDK. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import {
  bareBundle,
  cacheDir,
  cli,
  median,
  ratio,
  root,
  seconds,
  timedLines,
  withFolder,
} from '../measure.mjs';

const TIMES = 6;

export const firstStep = () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, 'package.json'), '{}');
    await writeFile(join(folder, 'j.yaml'), 'job: one\n');
    const step =
      'steps: { one: { uses: exec.command, with: { shell: \'date +%s%3N > "$MARK"\', pass_env: [MARK] } } }';
    await writeFile(join(folder, 'p.yaml'), `profile: p\n${step}\n`);
    process.env.MARK = join(folder, 'mark');
    const { findBinary } = await import('../../dist/engine/binary.js');
    const { path: binary } = await findBinary({
      cacheDir: cacheDir(),
      env: process.env,
      onProgress: () => undefined,
    });
    const bundle = join(folder, 'bare.js');
    await writeFile(bundle, (await bareBundle()).code);
    const bareMark = join(folder, 'bare-mark');
    const found = { first: [], whole: [], bareFirst: [], bareWhole: [] };
    for (let i = 0; i <= TIMES; i += 1) {
      // The last engine must be gone: this measures a start from nothing.
      await pause(2_000);
      const startedAt = Date.now();
      const { ms } = await timedLines(
        [cli, 'run-profile', '--job', 'j.yaml', '--profile', 'p.yaml', '--out', `o${i}`],
        { cwd: folder },
      );
      const script = join(root, 'bench/children/bare-start.mjs');
      const bareAt = Date.now();
      const bare = await timedLines(
        [script, binary, join(folder, `bare-${i}.db`), String(39_200 + i), bundle, bareMark],
        { cwd: folder },
      );
      if (i === 0) continue;
      found.bareFirst.push(Number(await readFile(bareMark, 'utf8')) - bareAt);
      found.bareWhole.push(bare.ms);
      found.first.push(Number(await readFile(process.env.MARK, 'utf8')) - startedAt);
      found.whole.push(ms);
    }
    const { first, whole, bareFirst, bareWhole } = Object.fromEntries(
      Object.entries(found).map(([key, values]) => [key, median(values)]),
    );
    return [
      {
        what: `shell to first step (${seconds(first)}) against a bare SDK script (${seconds(bareFirst)})`,
        measured: ratio(first, bareFirst),
        budget: '<= 1.15x',
      },
      {
        what: `prompt back (${seconds(whole)}) against the same (${seconds(bareWhole)})`,
        measured: ratio(whole, bareWhole),
        budget: '<= 1.3x',
      },
    ];
  });
