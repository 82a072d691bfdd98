import { readFile, rm, writeFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { until, withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

jest.setTimeout(240_000);

const IDS = ['a', 'b', 'c', 'd', 'e'];
const FILES = {
  'jobs/j.yaml': `job: parts\nprofile: p\npartition: { by: list, values: [${IDS.join(', ')}] }\n`,
  'profiles/p.yaml': `
profile: p
steps:
  gate:
    uses: exec.command
    with:
      shell: 'echo $ID >> "$MARKS"; until [ -e "$GO" ]; do sleep 0.05; done; (echo id; echo $ID) > t.csv'
      env: { ID: '\${{ partition.id }}' }
      pass_env: [MARKS, GO]
      outputs: { table: { path: t.csv } }
  files: { uses: export.dataset, needs: [gate], with: { from: gate, formats: [csv] } }
`,
};

test('with a service its steps are done by workers, and its command can be killed and typed again', () =>
  withProject(FILES, async (project) => {
    await withService(project, async ({ address }) => {
      const at = ['--temporal-address', address];
      const env = { MARKS: project.path('marks'), GO: project.path('go') };
      const worker = project.start(['worker', ...at, '--slots', '4'], env);
      await worker.says(/serving/);
      const words = ['backfill', '--job', 'jobs/j.yaml', '--out', 'out', ...at, '--at-most', '2'];
      const killed = project.start(words);
      await until(
        async () => (await readFile(env.MARKS, 'utf8').catch(() => '')).split('\n').length === 3,
        'two runs go on',
      );
      killed.kill('SIGKILL');
      await killed.ended;
      await writeFile(env.GO, '');
      const again = await project.run([...words, '--json']);
      expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('resume ')]);
      expect(JSON.parse(again.stdout)).toMatchObject({ state: 'done', counts: { OK: 5 } });
      const marks = (await readFile(env.MARKS, 'utf8')).trim().split('\n').toSorted();
      expect(marks).toEqual(IDS);
      await rm(env.GO);
      worker.kill('SIGTERM');
      await worker.ended;
    });
  }));
