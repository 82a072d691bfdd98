/**
 * How a state folder grows with runs, and what `prune` leaves of it. Not part of `npm run bench`:
 *
 *     nice node bench/state-growth.mjs --runs 1000 --commands 100
 *
 * So many one-shot commands, then the rest of the runs in one process by the library, each with another parameter, so
 * that every step but the first is executed; then so many unchanged ones. A run that was killed before all of them is
 * resumed behind the first prune. Works in a temporary folder, or with `--folder DIR` in one that is kept until all is
 * done: a call that is stopped is then gone on with by the next one.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    commands: { type: 'string', default: '100' },
    // Runs that go on at once, commands as well as those of the library, each with an --out of its own.
    'at-once': { type: 'string', default: '1' },
    // On a machine that has other work, no run begins after so long.
    minutes: { type: 'string', default: '600' },
    folder: { type: 'string' },
    package: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
  },
});
const [runs, commands] = [Number(values.runs), Number(values.commands)];
const main = join(values.package, 'bin', 'builder_cli.cjs');
const { openProject } = await import(join(values.package, 'dist', 'index.js'));

const FILES = {
  'package.json': '{}',
  'data.csv': `id,name\n${Array.from({ length: 1000 }, (_, i) => `${i},name ${i}`).join('\n')}\n`,
  'jobs/j.yaml': `
job: j
params: { n: { type: integer, default: 0 } }
inputs: { data: { path: ../data.csv } }
`,
  'profiles/p.yaml': `
profile: p
steps:
  collect: { uses: collect.files, with: { from: '\${{ inputs.data }}' } }
  clean: { uses: transform.sql, with: { sql: 'select *, \${{ params.n }} as n from collect' }, needs: [collect] }
  export: { uses: export.dataset, with: { from: clean, formats: [csv] } }
`,
  // Waits in its second step until there is a file `go`: killed there, it stays open through all that follows.
  'profiles/waits.yaml': `
profile: waits
steps:
  collect: { uses: collect.files, with: { from: '\${{ inputs.data }}' } }
  wait: { uses: exec.command, with: { shell: 'touch "$MARKS/began"; until [ -e "$MARKS/go" ]; do sleep 0.1; done', pass_env: [MARKS] }, needs: [collect] }
  export: { uses: export.dataset, with: { from: collect, formats: [csv] }, needs: [wait] }
`,
};
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'state-growth-'));
// A letter for each command that ended, and the lines that were shown: a later call goes on behind them.
const doneFile = join(folder, 'commands-done');
const shownFile = join(folder, 'shown');
for (const [name, text] of Object.entries(FILES)) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}
const stateDir = join(folder, '.builder');

function cli(...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    cwd: folder,
    encoding: 'utf8',
    env,
  });
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}:\n${stderr}${stdout}`);
  return stdout + stderr;
}
const wordsOf = (n, out) =>
  ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', out, '-p'].concat(`n=${n}`);
const runOne = (n) => cli(...wordsOf(n, 'out'));

const env = { ...process.env, MARKS: folder };
/** The same beside others. */
async function runBeside(n, out) {
  const child = spawn(process.execPath, [main, ...wordsOf(n, out)], {
    ...{ cwd: folder, env, stdio: 'ignore' },
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`run ${n} into ${out} ended with ${code}`);
}
async function leaveOneOpen() {
  rmSync(join(folder, 'began'), { force: true });
  const words = ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'waits', '--out', 'open'];
  const child = spawn(process.execPath, [main, ...words], { cwd: folder, env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  while (!existsSync(join(folder, 'began')) && child.exitCode === null) await pause(50);
  child.kill('SIGKILL');
  await ended;
}

function use(path) {
  if (!existsSync(path)) return { files: 0, bytes: 0, disk: 0 };
  const info = statSync(path);
  const own = { files: 1, bytes: info.size, disk: info.blocks * 512 };
  if (!info.isDirectory()) return own;
  return readdirSync(path)
    .map((name) => use(join(path, name)))
    .reduce(
      (a, b) => ({ files: a.files + b.files, bytes: a.bytes + b.bytes, disk: a.disk + b.disk }),
      { files: 0, bytes: 0, disk: own.disk },
    );
}
const parts = {
  runs: 'runs',
  artifacts: 'store/artifacts',
  journal: 'store/journal',
  engine: 'engine',
  all: '.',
};
async function show(when) {
  // The server ends a second after the last command.
  for (let i = 0; i < 100 && use(join(stateDir, 'engine', 'servers')).files > 0; i += 1)
    await pause(100);
  const cells = Object.entries(parts).map(([name, path]) => {
    const { files, bytes, disk } = use(join(stateDir, path));
    return name === 'all'
      ? `all ${(bytes / 1000).toFixed(1)} kB in ${files} files, ${(disk / 1000).toFixed(0)} kB on disk`
      : `${name} ${(bytes / 1000).toFixed(1)}`;
  });
  const line = `${when.padEnd(28)} ${cells.join(' | ')}`;
  console.log(line);
  appendFileSync(shownFile, `${line}\n`);
}

const done = existsSync(doneFile) ? readFileSync(doneFile, 'utf8').length : 0;

try {
  if (done === 0) {
    rmSync(stateDir, { recursive: true, force: true });
    rmSync(shownFile, { force: true });
    await leaveOneOpen();
    runOne(0);
    await show('after the first run');
    appendFileSync(doneFile, '.');
  } else console.log(readFileSync(shownFile, 'utf8').trimEnd());
  const others = Array.from({ length: Number(values['at-once']) - 1 }, (_, i) => `out-${i}`);
  let left = commands - 1 - Math.max(done, 1);
  // Behind every number that an earlier call may have used.
  let number = done + others.length + 1;
  const command = async (out) => {
    while (left-- > 0) {
      await runBeside((number += 1), out);
      appendFileSync(doneFile, '.');
    }
  };
  await Promise.all(['out', ...others].map(command));
  // The last one of all is alone.
  runOne((number += 1));
  appendFileSync(doneFile, '.');
  await show(`after ${commands} commands`);
  const project = openProject({ stateDir, cwd: folder, env: process.env });
  const endsAt = performance.now() + Number(values.minutes) * 60_000;
  let next = commands;
  let last = number;
  const goOn = async (out) => {
    while (next < runs && performance.now() < endsAt) {
      next += 1;
      const n = (number += 1);
      const ended = await project.run({
        job: join(folder, 'jobs/j.yaml'),
        profile: 'p',
        params: [`n=${n}`],
        out: join(folder, out),
      });
      if (out === 'out') last = n;
      if (ended.exitCode !== 0) throw new Error(`run ${n} ended with ${ended.exitCode}`);
    }
  };
  await Promise.all(['out', ...others].map(goOn));
  for (const out of others) rmSync(join(folder, out), { recursive: true, force: true });
  await project.close();
  await show(`after ${next} runs`);
  const startedAt = performance.now();
  console.log(cli('prune', '--dry-run', '--state-dir', stateDir));
  console.log(cli('prune', '--state-dir', stateDir));
  console.log(`both took ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  await show('after prune');
  writeFileSync(join(folder, 'go'), '');
  console.log(cli('resume', '--out', 'open'));
  console.log(runOne(last).match(/\d+ CACHED/)?.[0] ?? 'NOT CACHED');
  await show('after an unchanged run');
  for (let i = 0; i < 20; i += 1) runOne(last);
  await show('after 20 unchanged runs');
  console.log(cli('prune', '--state-dir', stateDir));
  await show('after prune');
  console.log(cli('runs', '--state-dir', stateDir));
  rmSync(folder, { recursive: true, force: true });
} catch (error) {
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
  throw error;
}
