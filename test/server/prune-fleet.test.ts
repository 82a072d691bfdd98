import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { until, withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

import type { Project, Running } from '../harness/cli.ts';

// Three runs, two of them cut off, by processes that are started again.
jest.setTimeout(240_000);

const FILES = {
  'data.csv': 'id\n1\n2\n3\n',
  'jobs/j.yaml':
    'job: j\nparams: { n: { type: integer, default: 0 } }\ninputs: { data: { path: ../data.csv } }\n',
  'profiles/p.yaml': `
profile: p
steps:
  collect: { uses: collect.files, with: { from: '\${{ inputs.data }}' } }
  clean: { uses: transform.sql, needs: [collect], with: { sql: 'select id, \${{ params.n }} as n from collect' } }
  wait:
    uses: exec.command
    needs: [clean]
    with:
      shell: 'touch "$PLACE/began-$N"; until [ -e "$PLACE/go-$N" ]; do sleep 0.1; done'
      pass_env: [PLACE]
      env: { N: '\${{ params.n }}' }
  sum: { uses: transform.sql, needs: [clean, wait], with: { sql: 'select sum(n) as s from clean' } }
  export: { uses: export.dataset, needs: [sum], with: { from: sum, formats: [csv] } }
`,
};

type Fleet = {
  readonly project: Project;
  start(n: number): Running;
  /** Its last step but two works. */
  works(n: number): Promise<unknown>;
  worker(name: string): Promise<Running>;
  /** From the state folder of whoever it may be. */
  prune(stateDir: string): Promise<void>;
  resume(n: number): Promise<{ readonly code: number | null; readonly stderr: string }>;
};

function withFleet(work: (fleet: Fleet) => Promise<void>): Promise<void> {
  return withProject(FILES, (project) =>
    withService(project, async ({ address }) => {
      const store = ['--store', project.path('shared')];
      const service = ['--temporal-address', address, ...store];
      const env = { PLACE: project.folder };
      const ofRun = (n: number) => ['--out', `out-${n}`, ...service, '--state-dir', 'caller'];
      await work({
        project,
        start: (n) => {
          const words = ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p'];
          return project.start([...words, '-p', `n=${n}`, ...ofRun(n)], env);
        },
        works: (n) => until(() => existsSync(project.path(`began-${n}`)), 'the step works', 60_000),
        worker: async (name) => {
          const worker = project.start(['worker', ...service, '--state-dir', name], env);
          await worker.says(/serving/);
          return worker;
        },
        prune: async (stateDir) => {
          const pruned = await project.run(['prune', ...store, '--state-dir', stateDir]);
          expect([pruned.code, pruned.stderr]).toEqual([0, expect.stringContaining('pruned')]);
        },
        resume: (n) => project.run(['resume', ...ofRun(n)], env),
      });
    }),
  );
}

test('prune beside a fleet takes nothing from runs whose command or whose workers were killed', () =>
  withFleet(async ({ project, start, works, worker, prune, resume }) => {
    const workers = [await worker('w-1'), await worker('w-2')];
    await project.write({ 'go-1': '' });
    expect(await start(1).ended).toMatchObject({ code: 0 });

    // Its command is killed; the worker goes on with it.
    const left = start(2);
    await works(2);
    left.kill('SIGKILL');
    await left.ended;
    for (const one of ['caller', 'w-1', 'w-2']) await prune(one);
    await project.write({ 'go-2': '' });
    const resumed = await resume(2);
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('OK')]);
    expect(await sumOf(project, 2)).toBe('s\n6\n');

    // All workers are killed, and another one comes.
    const waiting = start(3);
    await works(3);
    for (const one of workers) one.kill('SIGKILL');
    await Promise.all(workers.map(({ ended }) => ended));
    for (const one of ['caller', 'w-1', 'w-2']) await prune(one);
    await project.write({ 'go-3': '' });
    await worker('w-1');
    expect(await waiting.ended).toMatchObject({ code: 0 });
    expect(await sumOf(project, 3)).toBe('s\n9\n');

    // At rest nothing of the attempts is left, and what was delivered is still answered by the store.
    for (const one of ['caller', 'w-1', 'w-2']) await prune(one);
    for (const one of ['w-1', 'w-2']) {
      const names = readdirSync(project.path(`${one}/attempts`));
      expect(names.filter((name) => name !== '_shared')).toEqual([]);
    }
    const again = await start(3).ended;
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('4 CACHED')]);
  }));

function sumOf(project: Project, n: number): Promise<string> {
  return readFile(project.path(`out-${n}/sum.csv`), 'utf8');
}
