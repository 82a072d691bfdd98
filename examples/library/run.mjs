/**
 * Two runs at once in one process, with a kind of step from outside the package and every event printed.
 * Run it twice: the second time nothing is executed, and no engine started.
 *
 *   node run.mjs some/folder
 */

import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { defineStep, KINDS, openProject, z } from 'builder-cli';

const squares = defineStep({
  kind: 'make.squares',
  version: '1',
  summary: 'Makes a table of numbers and their squares.',
  schema: z.strictObject({ up_to: z.number().int().min(1) }),
  outputs: () => ['table'],
  async run({ up_to }, { folder, log }) {
    const lines = Array.from({ length: up_to }, (_, i) => `${i + 1},${(i + 1) ** 2}`);
    const path = join(folder, 'squares.csv');
    await writeFile(path, ['n,square', ...lines, ''].join('\n'));
    log(`made ${up_to} squares`);
    return { outputs: { table: { path, format: 'csv', rows: up_to } }, rows: { out: up_to } };
  },
});

/** A renderer of one's own: every event is plain data. */
function show(event) {
  switch (event.type) {
    case 'run_opened':
      return console.log(`${event.runId}: ${event.steps} steps into ${event.out}`);
    case 'engine':
      return console.log(`engine: ${event.kind}`);
    case 'run_event':
      if (event.event.type !== 'step_ended') return;
      return console.log(`${event.event.outcome.step}: ${event.event.outcome.status}`);
    case 'run_closed':
      return console.log(`${event.runId}: ${event.summary.status} in ${event.elapsedMs} ms`);
  }
}

const folder = resolve(process.argv[2] ?? 'out');
const project = openProject({
  stateDir: join(folder, '.builder'),
  kinds: [...KINDS, squares],
  env: process.env,
  onEvent: show,
});
try {
  const job = fileURLToPath(new URL('job.yaml', import.meta.url));
  const runs = [10, 1000].map((up_to) =>
    project.run({ job, params: { up_to }, out: join(folder, `up-to-${up_to}`) }),
  );
  const ended = await Promise.all(runs);
  process.exitCode = Math.max(...ended.map((run) => run.exitCode));
} finally {
  await project.close();
}
