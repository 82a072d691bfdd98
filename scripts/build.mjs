/**
 * Builds the product into a folder (default dist): compiles src/, bundles the workflow with an inline source map, and
 * bundles the CLI into one file, which starts in half the time.
 * The folder is swapped as a whole when both are done, so that a failed build changes nothing and a running
 * command never meets half of one.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const outDir = resolve(process.argv[2] ?? join(root, 'dist'));
const scratch = join(root, '.builder', `build-${process.pid}`);
const [fresh, old] = [join(scratch, 'new'), join(scratch, 'old')];

/** Packages with native parts, or that few commands need, stay outside and are loaded when they are used. */
const APART = [
  '@temporalio/*',
  '@duckdb/*',
  '@opentelemetry/*',
  '@aws-sdk/*',
  'prom-client',
  'pino',
  'bcryptjs',
  'log-update',
];

// The bundler reads these as the end of a path.
if (/[?!]/.test(root)) process.exitCode = await buildThroughLink();
else await build();

async function build() {
  try {
    await mkdir(fresh, { recursive: true });
    // Each is waited for, also where another has failed: it still writes into the folder that is then removed.
    const parts = await Promise.allSettled([compile(), bundleWorkflow(), bundleCli()]);
    for (const { reason } of parts) if (reason !== undefined) throw reason;
    if (parts[0].value) {
      await keepDeclarations();
      await swap();
    } else process.exitCode = 1;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Runs this script again, on the same folder by a plainer path. */
async function buildThroughLink() {
  const folder = await mkdtemp(join(tmpdir(), 'builder_cli-build-'));
  try {
    const link = join(folder, 'clone');
    await symlink(root, link);
    const flags = ['--preserve-symlinks', '--preserve-symlinks-main'];
    const again = spawn(process.execPath, [...flags, join(link, 'scripts/build.mjs'), outDir], {
      stdio: 'inherit',
    });
    const [code] = await once(again, 'exit');
    return code ?? 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
async function bundleWorkflow() {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'src/workflows/index.ts'),
    failureConverterPath: join(root, 'src/workflows/failure-converter.ts'),
    logger: new DefaultLogger('ERROR'),
    // Else a build through a link would meet the path again that it avoids.
    webpackConfigHook: (config) => ({
      ...config,
      resolve: { ...config.resolve, symlinks: false },
      resolveLoader: { symlinks: false },
    }),
  });
  await writeFile(join(fresh, 'workflow-bundle.js'), code);
  const [inClear, encoded] = ['failures in clear', 'failures encoded'].map(
    (how) => `'builder_cli: ${how}'`,
  );
  if (code.split(inClear).length !== 2)
    throw new Error('the bundle does not say how it writes failures');
  await writeFile(join(fresh, 'workflow-bundle-encoding.js'), code.replace(inClear, encoded));
}

/** Of the declarations only those that a user of the library can reach. */
async function keepDeclarations() {
  const kept = new Set();
  const keep = async (file) => {
    if (kept.has(file)) return;
    kept.add(file);
    const text = await readFile(file, 'utf8');
    for (const [, path] of text.matchAll(/(?:from |import\()['"](\.{1,2}\/[^'"]+)\.ts['"]/g)) {
      await keep(join(dirname(file), `${path}.d.ts`));
    }
  };
  await keep(join(fresh, 'index.d.ts'));
  for (const name of await readdir(fresh, { recursive: true })) {
    const file = join(fresh, name);
    if (name.endsWith('.d.ts') && !kept.has(file)) await rm(file);
  }
}

async function bundleCli() {
  const { build } = await import('esbuild');
  await build({
    entryPoints: [join(root, 'src/cli/main.ts')],
    outfile: join(fresh, 'cli.cjs'),
    bundle: true,
    preserveSymlinks: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    external: APART,
    // `import()` of a package outside becomes `require()`, which is quicker.
    supported: { 'dynamic-import': false },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    banner: {
      js: `const moduleUrl = (path) => require('node:url').pathToFileURL(require('node:path').join(__dirname, path)).href;`,
    },
    plugins: [{ name: 'module urls', setup: (it) => it.onLoad({ filter: /\.ts$/ }, keepUrl) }],
  });
}

/** In the one file a module still knows itself by the place of its compiled file. */
async function keepUrl({ path }) {
  const place = relative(join(root, 'src'), path).replace(/\.ts$/, '.js');
  const text = await readFile(path, 'utf8');
  const contents = text.replaceAll('import.meta.url', `moduleUrl(${JSON.stringify(place)})`);
  return { contents, loader: 'ts' };
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
