/**
 * Proves that the package works where there is no clone: packs it, runs it by npx in an empty folder, and runs the
 * library's example on it, with the node at hand and with each of the newer major versions. Needs a package registry.
 */

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

/** Beside the one that runs this script. */
const NODES = ['22.23.3', '24.9.0'];

const JOB = 'job: tiny\nprofile: tiny\n';
const PROFILE = `profile: tiny
steps:
  numbers: { uses: transform.sql, with: { sql: 'select i, i * i as square from range(1000) t(i)' } }
  squares: { uses: export.dataset, with: { from: numbers, formats: [csv] } }
`;

const folder = await mkdtemp(join(tmpdir(), 'builder package '));
try {
  const packed = await pack();
  for (const version of [undefined, ...NODES]) await tryWith(version, packed);
  console.log(`${NODES.length + 1} passed, 0 failed`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function pack() {
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: root,
  });
  return join(folder, stdout.trim().split('\n').at(-1));
}

/** Runs a pipeline with that node, twice: the second time everything is reused. */
async function tryWith(version, packed) {
  const bin = version === undefined ? undefined : await nodeOf(version);
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    ...(bin === undefined ? {} : { PATH: `${bin}${delimiter}${process.env.PATH}` }),
  };
  const project = join(folder, `an empty folder ${version ?? ''}`.trim());
  await mkdir(project);
  await writeFile(join(project, 'job.yaml'), JOB);
  await writeFile(join(project, 'tiny.yaml'), PROFILE);
  const words = ['run-profile', '--job', 'job.yaml', '--out', 'out', '--json'];
  for (const expected of ['OK', 'CACHED']) {
    const { stdout } = await run(
      'npx',
      ['--yes', '--package', packed, '--', 'builder_cli', ...words],
      { cwd: project, env },
    );
    const { status, steps } = JSON.parse(stdout);
    const found = [status, ...steps.map((step) => step.status)].join(' ');
    if (found !== `OK ${expected} ${expected}`) throw new Error(`${version}: ${found}`);
  }
  const lines = (await readFile(join(project, 'out', 'numbers.csv'), 'utf8')).trim().split('\n');
  if (lines.length !== 1001 || lines[1000] !== '999,998001') throw new Error(lines.join('\n'));
  await tryLibrary(version, packed, env);
  const { stdout } = await run('node', ['--version'], { env });
  console.log(`packed package with node ${stdout.trim()}: OK`);
}

/** Installs it as a dependency, and runs the example beside it, twice: the second time no engine is needed. */
async function tryLibrary(version, packed, env) {
  const project = join(folder, `a program ${version ?? ''}`.trim());
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{ "private": true }');
  await run('npm', ['install', '--no-audit', '--no-fund', packed], { cwd: project, env });
  const example = join(project, 'node_modules', 'builder-cli', 'examples', 'library');
  await cp(example, join(project, 'mine'), { recursive: true });
  for (const expected of ['engine: embedded', 'engine: none']) {
    const { stdout } = await run('node', ['mine/run.mjs', 'out'], { cwd: project, env });
    if (!stdout.includes(expected)) throw new Error(`${version}: ${stdout}`);
  }
  const text = await readFile(join(project, 'out', 'up-to-10', 'odd.csv'), 'utf8');
  if (text !== 'n,square\n1,1\n3,9\n5,25\n7,49\n9,81\n') throw new Error(text);
}

/** The folder of a node of that version. Its package carries the binary itself, so nothing need run to install it. */
async function nodeOf(version) {
  const prefix = join(folder, `node-${version}`);
  await mkdir(prefix);
  const name = `node-${process.platform}-${process.arch}`;
  await run('npm', [
    'install',
    '--prefix',
    prefix,
    '--no-audit',
    '--no-fund',
    `${name}@${version}`,
  ]);
  return join(prefix, 'node_modules', name, 'bin');
}
