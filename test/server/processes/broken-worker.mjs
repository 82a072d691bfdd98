/** A worker of a service whose workflow code is broken. First word: address of the service. */

import { fileURLToPath } from 'node:url';

import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
const connection = await NativeConnection.connect({ address: process.argv[2] });
const worker = await Worker.create({
  connection,
  taskQueue: 'builder',
  workflowsPath: fileURLToPath(new URL('broken-workflow.mjs', import.meta.url)),
  maxCachedWorkflows: 1,
});
console.error('serving');
await worker.run();
