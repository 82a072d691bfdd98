import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';

jest.setTimeout(600_000);

const FILES = {
  'data.csv': 'id,name\n1,a\n2,b\n',
  'jobs/j.yaml': `
job: j
params: { n: { type: integer, default: 0 } }
inputs: { data: { path: ../data.csv } }
`,
  'profiles/p.yaml': `
profile: p
steps:
  collect: { uses: collect.files, with: { from: '\${{ inputs.data }}' } }
  clean: { uses: transform.sql, needs: [collect], with: { sql: 'select *, \${{ params.n }} as n from collect' } }
  gate: { uses: exec.command, needs: [clean], with: { shell: 'test -f GATE' } }
  export: { uses: export.dataset, needs: [gate], with: { from: clean, formats: [csv] } }
`,
};
const run = (out: string, n: number): string[] => [
  ...['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', out, '-p', `n=${n}`],
];

type Pruned = {
  readonly removed: readonly { readonly what: string; readonly count: number }[];
  readonly kept: { readonly runs: number; readonly needed: number };
};

test('prune tells what would go, removes it, and what has to be reused and resumed still is', () =>
  withProject(FILES, async (project) => {
    const profile = FILES['profiles/p.yaml'].replace('GATE', project.path('gate'));
    await project.write({ 'profiles/p.yaml': profile, gate: '' });
    for (const n of [1, 2, 3]) expect((await project.run(run('out', n))).code).toBe(0);
    const before = await contentOf(project.path('out'));
    await rm(project.path('gate'));
    const failed = await project.run(run('other', 4));
    expect(failed.code).toBe(1);
    const left = project.path('.builder/attempts/gone-run/step.1-1');
    await mkdir(left, { recursive: true });
    await writeFile(`${left}/part`, 'left by a killed worker');

    const dry = await project.run(['prune', '--dry-run']);
    expect(dry.code).toBe(0);
    expect(dry.stdout).toMatch(/^ +runs +2 .*\n +results +\d+\n +stored files +\d+ .*\n/);
    expect(dry.stderr).toMatch(/would go +.* of .*; 2 runs stay \(2 needed\)/);
    expect(await readdir(project.path('.builder/runs'))).toHaveLength(4);

    const { code, stdout } = await project.run(['prune', '--json']);
    const pruned = JSON.parse(stdout) as Pruned;
    expect({ code, kept: pruned.kept }).toEqual({ code: 0, kept: { runs: 2, needed: 2 } });
    expect(pruned.removed).toContainEqual(expect.objectContaining({ what: 'runs', count: 2 }));
    expect(existsSync(project.path('.builder/engine/1.32.0'))).toBe(false);
    // Nobody here knows its run: it stays for a week.
    expect(existsSync(left)).toBe(true);
    const again = await project.run(['prune', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ removed: [], kept: { runs: 2 } });

    await project.write({ gate: '' });
    const resumed = await project.run(['resume', '--out', 'other']);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toMatch(/collect +CACHED|collect +OK/);
    const rerun = await project.run(run('out', 3));
    expect(rerun.stderr).toMatch(/collect +CACHED/);
    expect(rerun.stderr).toMatch(/clean +CACHED/);
    const { 'run.json': _, ...delivered } = await contentOf(project.path('out'));
    expect(before).toMatchObject(delivered);
  }));

test('a run that goes on does not notice that the state folder is pruned', () =>
  withProject(FILES, async (project) => {
    const waits = `until test -f ${project.path('gate')}; do sleep 0.1; done`;
    const profile = FILES['profiles/p.yaml'].replace('test -f GATE', waits);
    await project.write({ 'profiles/p.yaml': profile, gate: '' });
    expect((await project.run(run('out', 1))).code).toBe(0);
    expect((await project.run(run('out', 2))).code).toBe(0);
    await rm(project.path('gate'));
    // It takes over what the first run made, which nothing else needs by now.
    const running = project.start(run('out', 1));
    await running.says(/clean +CACHED/);
    const { code, stdout } = await project.run(['prune', '--json']);
    const pruned = JSON.parse(stdout) as Pruned;
    expect({ code, kept: pruned.kept }).toEqual({ code: 0, kept: { runs: 2, needed: 2 } });
    expect(pruned.removed).toContainEqual(
      expect.objectContaining({ what: 'engine database', note: expect.stringContaining('stays') }),
    );
    await project.write({ gate: '' });
    expect(await running.ended).toMatchObject({ code: 0 });
    const rerun = await project.run(run('out', 1));
    expect(rerun.stderr).toMatch(/clean +CACHED/);
  }));

test('bounds that make no sense are refused', () =>
  withProject(FILES, async (project) => {
    const age = await project.run(['prune', '--older-than', 'a month']);
    expect(age).toMatchObject({ code: 2, stderr: expect.stringContaining('--older-than') });
    const size = await project.run(['prune', '--max-size', 'much']);
    expect(size).toMatchObject({ code: 2, stderr: expect.stringContaining('not a size') });
    const none = await project.run(['prune']);
    expect(none).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing to remove') });
    expect(existsSync(project.path('.builder'))).toBe(false);
  }));

test('what was asked for by a backfill goes with the last of its runs', () =>
  withProject(FILES, async (project) => {
    const job = `${FILES['jobs/j.yaml']}profile: p\npartition: { by: list, values: [north, south] }\n`;
    const profile = FILES['profiles/p.yaml'].replace('test -f GATE', 'true');
    await project.write({ 'jobs/j.yaml': job, 'profiles/p.yaml': profile });
    const made = await project.run(['backfill', '--job', 'jobs/j.yaml', '--out', 'out']);
    expect(made).toMatchObject({ code: 0 });
    const again = async (partition: string): Promise<string[]> => {
      await project.run([...run('out', 1), '--partition', partition]);
      expect((await project.run(['prune'])).code).toBe(0);
      return readdir(project.path('.builder/backfills'));
    };
    expect(await again('north')).toHaveLength(1);
    expect(await again('south')).toEqual([]);
    expect((await project.run(['backfill', 'list', '--json'])).stdout).toMatch(/\[\]/);
  }));
