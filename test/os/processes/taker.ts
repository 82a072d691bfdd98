/**
 * Takes a lease again and again. While it has it, it says so in a file that nobody else may find, and writes its token
 * into a log. Every now and then it dies by SIGKILL, with or without the lease.
 */

import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { bornOf } from '../../../src/os/born.ts';
import { takeLease } from '../../../src/os/lease.ts';

const [path = '', inside = '', log = '', until = ''] = process.argv.slice(2);
const die = (): void => {
  if (Math.random() < 0.01) process.kill(process.pid, 'SIGKILL');
};

for (;;) {
  die();
  const taken = await takeLease(path);
  if (!taken.taken) continue;
  const { lease } = taken;
  die();
  enter();
  await new Promise((done) => setImmediate(done));
  lease.check();
  appendFileSync(log, `${lease.token}\n`);
  die();
  rmSync(inside);
  lease.release({ keep: true });
  if (lease.token >= Number(until)) break;
}

function enter(): void {
  try {
    writeFileSync(inside, String(process.pid), { flag: 'wx' });
  } catch {
    const other = Number(readFileSync(inside, 'utf8'));
    if (bornOf(other) !== undefined) appendFileSync(log, `clash of ${process.pid} and ${other}\n`);
    writeFileSync(inside, String(process.pid));
  }
}
