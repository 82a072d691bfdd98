/** A process that takes `--out` and delivers, but stands still at a phase until a file is there: frozen, as its timers see it. */

import { existsSync, writeSync } from 'node:fs';

import { deliverInto } from '../../../src/delivery/deliver.ts';
import { makeFolderTarget } from '../../../src/delivery/folder/folder-target.ts';
import { lockOut } from '../../../src/delivery/folder/out-lock.ts';
import { openLocalStore } from '../../../src/store/local.ts';

import type { DeliverInput } from '../../../src/model/step-result.ts';

const [phase, what = '', storeRoot = '', go = ''] = process.argv.slice(2);
const input = JSON.parse(what) as DeliverInput;
const { run } = input.plan;
const out = run.out ?? '';
const still = new Int32Array(new SharedArrayBuffer(4));

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error);
function standStillAt(reached: string): void {
  if (reached !== phase) return;
  writeSync(1, `"${phase}"\n`);
  while (!existsSync(go)) Atomics.wait(still, 0, 0, 20);
}

const lock = await lockOut(out, { runId: run.id, stateDir: '/state' });
const delivery = await deliverInto({
  input: { ...input, plan: { ...input.plan, run: { ...run, outToken: lock.token } } },
  store: await openLocalStore(storeRoot),
  targets: [makeFolderTarget({ onPhase: standStillAt })],
}).then(() => 'delivered', codeOf);
let held = 'held';
try {
  lock.check();
} catch (error) {
  held = codeOf(error);
}
await lock.unlock({ keep: true });
writeSync(1, `${JSON.stringify({ delivery, lock: held })}\n`);
