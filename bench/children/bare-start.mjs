/** From nothing to a first step on the bare SDK: spawns the server, connects, and runs one activity that notes the time. */

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const [binary, database, port, bundle, mark] = process.argv.slice(2);
const server = spawn(
  binary,
  [
    ...[
      'server',
      'start-dev',
      '--ip',
      '127.0.0.1',
      '--port',
      port,
      '--headless',
      '--db-filename',
      database,
    ],
    ...[
      '--log-level',
      'error',
      '--sqlite-pragma',
      'journal_mode=WAL',
      '--sqlite-pragma',
      'synchronous=NORMAL',
    ],
    ...['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=10000'],
  ],
  { stdio: 'ignore' },
);
const { Worker, NativeConnection, Runtime, DefaultLogger } = await import('@temporalio/worker');
const { Client } = await import('@temporalio/client');
Runtime.install({ logger: new DefaultLogger('ERROR') });
let connection;
while (connection === undefined) {
  connection = await NativeConnection.connect({ address: `127.0.0.1:${port}` }).catch(
    () => undefined,
  );
}
const worker = await Worker.create({
  connection,
  taskQueue: 'bare',
  workflowBundle: { codePath: bundle },
  activities: { noop: async () => writeFileSync(mark, String(Date.now())) },
});
const running = worker.run();
const client = new Client({ connection });
for (;;) {
  try {
    await client.workflow.execute('bareChain', {
      workflowId: `bare-${Date.now()}`,
      taskQueue: 'bare',
      args: [1],
    });
    break;
  } catch (error) {
    if (!/namespace/i.test(String(error?.cause ?? error))) throw error;
  }
}
worker.shutdown();
await running;
server.kill('SIGKILL');
process.exit(0);
