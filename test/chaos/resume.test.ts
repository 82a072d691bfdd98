import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { ROOT, until, withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';

import type { Project, Running } from '../harness/cli.ts';

/** The shipped job, slowed down so that a kill finds it in the middle of something. */
const words = (project: Project): string[] => [
  ...[
    'run-profile',
    '--job',
    join(ROOT, 'jobs/standard.yaml'),
    '--profile',
    project.path('slow.yaml'),
  ],
  ...['--state-dir', project.path('.builder'), '--out', project.path('out')],
];

/** Kills the command and the engine with its keeper, none of which can do anything about it. */
async function killEverything(project: Project, run: Running): Promise<void> {
  const servers = project.path('.builder/engine/servers');
  const pids: number[] = [];
  for (const name of await readdir(servers)) {
    const text = await readFile(join(servers, name), 'utf8').catch(() => '');
    const pid = Number(/"pid":(\d+)/.exec(text)?.[1]);
    if (pid > 0) pids.push(pid);
  }
  run.kill('SIGKILL');
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await run.ended;
}

async function executions(project: Project): Promise<Record<string, number>> {
  const [run] = await readdir(project.path('.builder/runs'));
  const logs = project.path(`.builder/runs/${run}/logs`);
  const counts: Record<string, number> = {};
  for (const name of await readdir(logs)) {
    const text = await readFile(join(logs, name), 'utf8');
    counts[name.replace('.log', '')] = text
      .split('\n')
      .filter((line) => / done in \d+ ms/.test(line)).length;
  }
  return counts;
}

const SLOW = `
profile: slow
extends: ${join(ROOT, 'profiles/standard.yaml')}
steps:
  pause: { uses: exec.command, needs: [clean], with: { shell: 'sleep 1' } }
  check_traffic: { needs: [traffic, pause] }
`;

test('kill -9 of everything at any moment: resume finishes, nothing is executed twice, same bytes', async () => {
  let undisturbed: Record<string, string> = {};
  await withProject({ 'slow.yaml': SLOW }, async (project) => {
    const { code, stderr } = await project.run(words(project));
    expect([code, stderr]).toEqual([0, expect.stringContaining('20 OK')]);
    undisturbed = await contentOf(project.path('out'));
  });
  expect(Object.keys(undisturbed)).toContain('manifest.json');

  const moments = [
    /^engine /m,
    /collect_airports +OK/,
    /clean +OK/,
    /check_traffic +OK/,
    /check_strikes +OK/,
  ];
  for (const moment of moments) {
    await withProject({ 'slow.yaml': SLOW }, async (project) => {
      const run = project.start(words(project));
      await run.says(moment);
      await killEverything(project, run);
      const resumed = await project.run(['resume', '--out', project.path('out')]);
      expect([String(moment), resumed.code, resumed.stderr]).toEqual([
        String(moment),
        0,
        expect.stringMatching(/20 OK/),
      ]);
      expect(await contentOf(project.path('out'))).toEqual(undisturbed);
      for (const [step, count] of Object.entries(await executions(project))) {
        expect([step, count <= 1]).toEqual([step, true]);
      }
    });
  }
}, 240_000);

test('children of a killed worker end with it', async () => {
  const files = {
    'jobs/j.yaml': 'job: j\n',
    'profiles/p.yaml': `
profile: p
steps:
  long: { uses: exec.command, with: { shell: 'echo $$ > "$MARK"; sleep 300', pass_env: [MARK] } }
`,
  };
  await withProject(files, async (project) => {
    const MARK = project.path('mark');
    const run = project.start(
      ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out'],
      { MARK },
    );
    const pid = await until(
      async () => Number(await readFile(MARK, 'utf8').catch(() => '')) || undefined,
      'the step has started',
    );
    run.kill('SIGKILL');
    await run.ended;
    await until(async () => !(await isRunning(pid)), 'the child is gone', 3_000);
  });
});

/** A zombie that nobody reaps does not run. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) Z /.test(stat);
}
