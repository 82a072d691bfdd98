/** A process that races others for facts, and stores results, in one bucket; says what it got, a line each. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { openS3Store } from '../../../src/store/s3/open-s3-store.ts';
import { factOf, fileIn, resultOf } from '../../store/fixtures.ts';

const [address = '', folder = '', name = ''] = process.argv.slice(2);
const own = join(folder, name);
await mkdir(own, { recursive: true });
const store = await openS3Store({ address, stateDir: join(own, 'state') });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

for (let i = 0; i < 60; i += 1) {
  const [verdict] = await store.append([factOf({ runId: `run-${i}`, atMs: Date.now() })]);
  if (verdict?.won === true) say(`won ${i}`);
  if (i % 6 !== 0) continue;
  const fingerprint = String(i % 10).repeat(64);
  const table = await store.put(await fileIn(own, 'new', `text ${i % 10}`.repeat(9000)), {
    format: 'file',
  });
  await store.putResult(fingerprint, resultOf({ table }, {}, fingerprint));
  say(`stored ${fingerprint}`);
}
await store.settled();
say('done');
store.close();
