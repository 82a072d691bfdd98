/** A process that uses a store without end, or races others for something in it; says what it got, a line each. */

import { join } from 'node:path';

import { openLocalStore, openStoreJournal } from '../../../src/store/local.ts';
import { lockOut } from '../../../src/delivery/folder/out-lock.ts';
import { factOf, fileIn, resultOf } from '../../store/fixtures.ts';

const [what, folder = '', name = ''] = process.argv.slice(2);
const store = await openLocalStore(join(folder, 'store'), { bootId: 'boot-1' });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

if (what === 'put') {
  for (let i = 0; ; i += 1) {
    const fingerprint = `${name}-${i}`;
    await fileIn(folder, `attempt-${name}/tree/part`, `part ${fingerprint}`.repeat(5000));
    const table = await store.put(
      await fileIn(folder, `attempt-${name}/table`, `table ${i}`.repeat(20_000)),
      { format: 'csv' },
    );
    const tree = await store.put(join(folder, `attempt-${name}`, 'tree'), { format: 'tree' });
    await store.putResult(fingerprint, resultOf({ table, tree }, {}, fingerprint));
    say(fingerprint);
  }
} else if (what === 'count') {
  for (let i = 0; i < 200; i += 1) {
    const [verdict] = await store.append([factOf({ runId: `run-${i}`, atMs: i })]);
    if (verdict?.won === true) say(String(i));
    if (i % 50 === 0) await openStoreJournal(join(folder, 'store')).compact();
  }
} else {
  const about = { runId: name, stateDir: folder };
  say(
    await lockOut(join(folder, 'out'), about).then(
      () => 'mine',
      (error) => error.code,
    ),
  );
  for await (const _ of process.stdin);
}
