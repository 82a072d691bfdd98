/** Takes a lease and says what it got, one line of JSON; then looks at it, or gives it back, as it is told. */

import { createInterface } from 'node:readline';

import { takeLease } from '../../../src/os/lease.ts';

const [path = '', name = ''] = process.argv.slice(2);
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

const taken = await takeLease(path, { about: { name } });
if (taken.taken) {
  const { lease, before } = taken;
  say({ token: lease.token, before: before?.state, of: before?.about });
  for await (const word of createInterface({ input: process.stdin })) {
    if (word === 'release') lease.release();
    try {
      lease.check();
      say('held');
    } catch (error) {
      say((error as { code?: string }).code);
    }
  }
} else {
  const { state, about, leftMs } = taken.holder;
  say({ refused: state, by: about, isLeft: leftMs > 0 });
}
