/** Adds one to a file fifty times, reading and writing it apart, each time under the lock. */

import { readFileSync, writeFileSync } from 'node:fs';

import { withLease } from '../../../src/os/lease-turn.ts';

const [lock = '', counter = ''] = process.argv.slice(2);

for (let i = 0; i < 50; i++) {
  await withLease(lock, async () => {
    const count = Number(readFileSync(counter, 'utf8'));
    await new Promise((done) => setImmediate(done));
    writeFileSync(counter, String(count + 1));
  });
}
