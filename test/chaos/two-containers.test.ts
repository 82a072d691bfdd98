import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, jest, test } from '@jest/globals';

import { startCli, until, withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';
import { CONTAINER, holdNamespace, signalContainer, whyNoContainer } from '../os/container.ts';

import type { Project, Running } from '../harness/cli.ts';

jest.setTimeout(120_000);

const inContainers = whyNoContainer() === undefined ? describe : describe.skip;

const FILES = {
  'data.csv': 'id,name\n1,a\n2,b\n',
  'jobs/j.yaml': 'job: j\ninputs:\n  data: { path: ../data.csv }\n',
  'profiles/p.yaml': `
profile: p
steps:
  collect: { uses: collect.files, with: { from: '\${{ inputs.data }}' } }
  clean: { uses: transform.sql, needs: [collect], with: { sql: 'select * from collect' } }
  pause:
    uses: exec.command
    needs: [clean]
    with: { shell: 'until [ -e "$GO" ]; do sleep 0.05; done', env: { GO: '\${{ params.go }}' } }
  export: { uses: export.dataset, needs: [pause], with: { from: clean, formats: [csv] } }
`,
};

/** One job for every container: same state folder, same --out. It ends once the file `go` is there. */
function runInContainer(project: Project, running: Running[]): Running {
  const words = ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out'];
  const run = startCli([...words, '-p', `go=${project.path('go')}`], {
    cwd: project.folder,
    within: CONTAINER,
  });
  running.push(run);
  return run;
}

async function withContainers(
  work: (project: Project, start: () => Running) => Promise<void>,
): Promise<void> {
  const files = {
    ...FILES,
    'jobs/j.yaml': `${FILES['jobs/j.yaml']}params:\n  go: { type: string }\n`,
  };
  const running: Running[] = [];
  await withProject(files, async (project) => {
    try {
      await work(project, () => runInContainer(project, running));
    } finally {
      for (const run of running) run.kill('SIGKILL');
      await Promise.all(running.map(({ ended }) => ended));
    }
  });
}

/** A minute passes in which nobody renews anything. */
async function aMinutePasses(project: Project): Promise<void> {
  const past = new Date(Date.now() - 61_000);
  for (const folder of [
    '.out.builder',
    '.builder/engine',
    '.builder/engine/servers',
    '.builder/engine/leases',
  ]) {
    for (const entry of await readdir(project.path(folder), { withFileTypes: true })) {
      if (entry.isFile()) await utimes(join(project.path(folder), entry.name), past, past);
    }
  }
}

const WHERE =
  /OUT_BUSY: run \S+ is writing to .*process 1 on \S+ \(pid namespace \d+\), which cannot be seen from here\); its lease runs out in \d+ s/;

inContainers('two containers on one volume', () => {
  test('the second is refused while the first runs, and goes on with its run once it is dead and its lease has run out', () =>
    withContainers(async (project, start) => {
      const first = start();
      await first.says(/clean +OK/);
      const refused = await start().ended;
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(WHERE)]);
      const seen = await project.run(['status', '--out', 'out']);
      expect(seen.stdout).toMatch(
        /RUNNING \(process 1 on \S+ \(pid namespace \d+\), which cannot be seen/,
      );

      const letGo = holdNamespace(first.pid);
      first.kill('SIGKILL');
      await first.ended;
      expect((await start().ended).stderr).toMatch(WHERE);
      await aMinutePasses(project);
      await writeFile(project.path('go'), '');
      const next = await start().ended;
      letGo();
      expect([next.code, next.stderr]).toEqual([
        0,
        expect.stringContaining('found     the unfinished run'),
      ]);
      expect(next.stderr).toMatch(
        /lock +taken over from run \S+: process 1 .* has not renewed its lease/,
      );
      expect(Object.keys(await contentOf(project.path('out')))).toContain('manifest.json');
      expect(await readdir(project.path('.builder/runs'))).toHaveLength(1);
    }));

  test.each([
    ['is fenced when it wakes', undefined],
    ['is fenced when it wakes to an engine that is gone', / server start-dev /],
  ])('a container that was frozen, and passed over, %s: it writes nothing and says so', (_, gone) =>
    withContainers(async (project, start) => {
      const first = start();
      await first.says(/clean +OK/);
      signalContainer(first.pid, 'SIGSTOP');
      await aMinutePasses(project);
      await writeFile(project.path('go'), '');
      expect((await start().ended).code).toBe(0);
      const delivered = await contentOf(project.path('out'));
      const [runId = ''] = await readdir(project.path('.builder/runs'));
      const record = await readFile(project.path(`.builder/runs/${runId}/run.json`), 'utf8');

      if (gone !== undefined)
        signalContainer(first.pid, 'SIGKILL', (command) => gone.test(command));
      signalContainer(first.pid, 'SIGCONT');
      const { code, stderr } = await first.ended;
      expect([code, stderr]).toEqual([1, expect.stringContaining('FENCED: ')]);
      expect(await contentOf(project.path('out'))).toEqual(delivered);
      expect(await readFile(project.path(`.builder/runs/${runId}/run.json`), 'utf8')).toBe(record);
      expect(
        await until(
          async () => (await readdir(project.folder)).every((name) => name !== '.out.builder'),
          'no lock is left',
        ),
      ).toBe(true);
    }),
  );
});
