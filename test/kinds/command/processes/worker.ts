/** A worker of its own process that runs one `exec.command`, for tests that kill it. Arguments: attempt folder, script. */

import { dirname } from 'node:path';

import { execCommand } from '../../../../src/kinds/exec-command.ts';
import { makeFence } from '../../../../src/activities/fence.ts';
import { asKind } from '../attempt.ts';

const [folder = '', script = ''] = process.argv.slice(2);

await asKind(execCommand).run(
  { shell: script },
  {
    runId: 'run-1',
    step: 'score',
    attempt: 1,
    folder,
    inputs: {},
    sources: [],
    fence: makeFence({
      folder: () => folder,
      attemptsRoot: dirname(dirname(folder)),
      run: 'run-1',
      step: 'score',
    }),
    signal: new AbortController().signal,
    limits: { memoryBytes: 1e9, threads: 1 },
    previousRows: {},
    env: process.env,
    log: (line) => console.log(line),
    redact: (text) => text,
    keepFile: async () => '',
  },
);
