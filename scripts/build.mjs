/**
 * Builds the product into a folder (default dist): compiles src/ and bundles the workflow with an inline source map.
 * The folder is swapped as a whole when both are done, so that a failed build changes nothing and a running
 * command never meets half of one.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const outDir = resolve(process.argv[2] ?? join(root, 'dist'));
const scratch = join(root, '.builder', `build-${process.pid}`);
const [fresh, old] = [join(scratch, 'new'), join(scratch, 'old')];

try {
  await mkdir(fresh, { recursive: true });
  const [compiled] = await Promise.all([compile(), bundle()]);
  if (compiled) await swap();
  else process.exitCode = 1;
} finally {
  await rm(scratch, { recursive: true, force: true });
}

/** True if the compiler found nothing wrong. */
async function compile() {
  const tsc = fileURLToPath(import.meta.resolve('typescript/package.json'));
  const compiler = spawn(
    process.execPath,
    [join(dirname(tsc), 'bin', 'tsc'), '--project', root, '--outDir', fresh],
    { cwd: root, stdio: 'inherit' },
  );
  const [code] = await once(compiler, 'exit');
  return code === 0;
}

/** From the sources, not from the compiled files: its content must not depend on where those were put. */
async function bundle() {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'src/workflows/index.ts'),
    logger: new DefaultLogger('ERROR'),
  });
  await writeFile(join(fresh, 'workflow-bundle.js'), code);
}

async function swap() {
  await mkdir(dirname(outDir), { recursive: true });
  await move(outDir, old).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await move(fresh, outDir);
}

/** Renames; copies where the two are on different disks. */
async function move(from, to) {
  try {
    await rename(from, to);
  } catch (error) {
    if (error.code !== 'EXDEV') throw error;
    await cp(from, to, { recursive: true });
    await rm(from, { recursive: true });
  }
}
