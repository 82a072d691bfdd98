/** A process that delivers to two targets and kills itself with SIGKILL when one has it and the other is at it. */

import { deliverInto } from '../../../src/delivery/deliver.ts';
import { makeFolderTarget } from '../../../src/delivery/folder/folder-target.ts';
import { openLocalStore } from '../../../src/store/local.ts';
import { makeJsonTarget } from '../json-target.ts';

import type { DeliverInput } from '../../../src/model/step-result.ts';

const [order, what = '', storeRoot = '', path = ''] = process.argv.slice(2);
const die = (): void => void process.kill(process.pid, 'SIGKILL');
const targets =
  order === 'folder first'
    ? [makeFolderTarget(), makeJsonTarget(path, die)]
    : [
        makeJsonTarget(path),
        makeFolderTarget({ onPhase: (phase) => phase === 'journalled' && die() }),
      ];
await deliverInto({
  input: JSON.parse(what) as DeliverInput,
  store: await openLocalStore(storeRoot),
  targets,
});
