/** A command of its own process that uses the engine as told, one word a line on stdin; answers one line of JSON each. */

import { createInterface } from 'node:readline';

import { ensureEngine, startingEngine } from '../../../src/engine/engine.ts';
import { isUsable } from '../../../src/engine/namespace.ts';

import type { EngineHandle } from '../../../src/engine/engine.ts';

const [stateDir = '', binary = ''] = process.argv.slice(2);
let engine: EngineHandle | undefined;

const options = { stateDir, cacheDir: stateDir, env: process.env, binary, onProgress: () => {} };

async function ensure(): Promise<EngineHandle> {
  engine = await ensureEngine({ ...options, idleStopMs: 1000 });
  return engine;
}

/** Takes and gives back the engine at changing moments; counts the times it did not answer. */
async function churn(times: number): Promise<number> {
  let silent = 0;
  for (let i = 0; i < times; i++) {
    const { address, release } = await ensure();
    if (!(await isUsable(address, 5000))) silent += 1;
    await new Promise((done) => setTimeout(done, Math.random() * 20));
    await release();
  }
  return silent;
}

for await (const line of createInterface({ input: process.stdin })) {
  const [word, number] = line.split(' ');
  if (word === 'ensure') {
    const { pid, adopted, address } = await ensure();
    answer({ pid, adopted, address });
  } else if (word === 'release') {
    await engine?.release();
    answer({});
  } else if (word === 'churn') {
    answer({ silent: await churn(Number(number)) });
  } else if (word === 'start-and-leave') {
    await startingEngine({ ...options, idleStopMs: 600_000 });
    answer({});
    process.exit(0);
  } else if (word === 'exit') {
    process.exit(0);
  }
}

function answer(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
