import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

import { readProjectSchedules } from '../../src/run/schedules/project-schedules.ts';
import { withProject } from '../harness/cli.ts';
import { readDocument, ROOT } from './documents.ts';

const run = promisify(execFile);

const shownFiles = async (): Promise<readonly (readonly [path: string, text: string])[]> => {
  const text = await readDocument('docs/serve.md');
  const shown = text.matchAll(/<!-- file: (\S+) -->\n\n```\w+\n([\s\S]*?)^```$/gm);
  return [...shown].map(([, path = '', content = '']) => [path, content] as const);
};

test('the unit and the compose file are those that the page on serve shows', async () => {
  const shown = await shownFiles();
  expect(shown.map(([path]) => path)).toEqual([
    'monitoring/serve/builder.service',
    'monitoring/serve/docker-compose.yml',
  ]);
  for (const [path, text] of shown) expect(text).toBe(await readDocument(path));
});

test('systemd takes the unit, where systemd is there', async () => {
  const unit = `${ROOT}monitoring/serve/builder.service`;
  const said = await run('systemd-analyze', ['verify', unit]).then(
    ({ stderr }) => stderr,
    (error: NodeJS.ErrnoException & { stderr?: string }) =>
      error.code === 'ENOENT' ? '' : (error.stderr ?? error.message),
  );
  // Of other units of the machine it speaks, too.
  expect(said.split('\n').filter((line) => line.includes('builder.service'))).toEqual([]);
});

test('the three jobs that the page begins with are right as they stand', async () => {
  const text = await readDocument('docs/serve.md');
  const shown = [...text.matchAll(/```yaml\n# ((?:jobs|profiles)\/\S+)\n([\s\S]*?)^```$/gm)];
  const files = Object.fromEntries(shown.map(([, path = '', content = '']) => [path, content]));
  const data = ['2026-09', '2026-10', 'now', 'north', 'south', 'east'];
  await withProject(
    {
      'builder.yaml': "jobs: ['jobs/*.yaml']\n",
      ...files,
      ...Object.fromEntries(data.map((name) => [`data/${name}.csv`, 'a,b\n1,2\n'])),
    },
    async (project) => {
      const { declared, problems } = await readProjectSchedules(project.folder);
      expect(problems).toEqual([]);
      expect(declared.map(({ job, schedule }) => [job, schedule.make])).toEqual([
        ['nightly', undefined],
        ['regions', ['all']],
        ['sales', ['missing']],
      ]);
      for (const { jobPath } of declared) {
        expect(await project.run(['validate', '--job', jobPath])).toMatchObject({ code: 0 });
      }
    },
  );
}, 60_000);
