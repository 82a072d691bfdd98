/** The same graphs by hand on the bare SDK: what the product's overhead is measured against. */

import { proxyActivities } from '@temporalio/workflow';

const { noop } = proxyActivities({ startToCloseTimeout: '10m', heartbeatTimeout: '15s' });

export async function bareChain(count) {
  for (let i = 0; i < count; i += 1) await noop({ step: `s${i}` });
}

export async function bareParallel(count) {
  await Promise.all(Array.from({ length: count }, (_, i) => noop({ step: `s${i}` })));
}
