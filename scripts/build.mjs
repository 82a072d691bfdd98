/** Builds the product: compiles src/ and bundles the workflow, into the folder given (default dist). */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const outDir = resolve(process.argv[2] ?? join(root, 'dist'));

execFileSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', root, '--outDir', outDir],
  {
    stdio: 'inherit',
    cwd: root,
  },
);

const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
const { code } = await bundleWorkflowCode({
  workflowsPath: join(outDir, 'workflows/index.js'),
  logger: new DefaultLogger('ERROR'),
});
writeFileSync(join(outDir, 'workflow-bundle.js'), code);
