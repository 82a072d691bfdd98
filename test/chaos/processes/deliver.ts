/** A process that delivers, or finishes a delivery, and kills itself with SIGKILL at the moment it is told. */

import { deliverInto, recoverDelivery } from '../../../src/delivery/deliver.ts';
import { makeFolderTarget } from '../../../src/delivery/folder/folder-target.ts';
import { openLocalStore } from '../../../src/store/local.ts';

import type { DeliverInput } from '../../../src/model/step-result.ts';

const [phase, what = '', storeRoot = '', out = ''] = process.argv.slice(2);
const onPhase = (reached: string): void => {
  if (reached === phase) process.kill(process.pid, 'SIGKILL');
};

const target = makeFolderTarget({ onPhase });
if (what === 'recover') {
  await recoverDelivery(out, [target]);
} else {
  const input = JSON.parse(what) as DeliverInput;
  await deliverInto({ input, store: await openLocalStore(storeRoot), targets: [target] });
}
