/** What a worker logs of steps, items and steps of a nested profile. */

import { readFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';

jest.setTimeout(300_000);

type Line = {
  readonly msg: string;
  readonly job?: string;
  readonly profile?: string;
  readonly run_id?: string;
  readonly step?: string;
  readonly attempt?: number;
  readonly err?: { readonly message: string };
};

test('every line about a step has its job, run, name and attempt, and why it failed', () =>
  withProject(
    {
      'jobs/j.yaml': 'job: shops_of_all\nprofile: p\n',
      'profiles/p.yaml': `
profile: p
defaults: { retry: { attempts: 2, backoff: 100ms } }
steps:
  plain: { uses: exec.command, with: { shell: 'exit 7' } }
  many: { uses: exec.command, foreach: { in: [a, b] }, with: { command: [sh, -c, 'test "$0" = a', '\${{ item }}'] } }
  in: { uses: profile, with: { profile: inner } }
  each: { uses: profile, foreach: { in: [a, b] }, with: { profile: inner } }
`,
      'profiles/inner.yaml':
        "profile: inner\ndefaults: { retry: { attempts: 1 } }\nsteps:\n  deep: { uses: exec.command, with: { shell: 'exit 8' } }\n",
    },
    async (project) => {
      const { stdout } = await project.run([
        ...['run-profile', '--job', 'jobs/j.yaml', '--out', 'out', '--json'],
      ]);
      const { run_id: runId } = JSON.parse(stdout) as { readonly run_id: string };
      const text = await readFile(project.path(`.builder/runs/${runId}/worker.log`), 'utf8');
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
      expect(lines.filter((line) => line.run_id !== runId)).toEqual([]);
      const ofSteps = lines.filter(({ msg }) => msg === 'Activity failed');
      for (const line of ofSteps) {
        expect(line).toMatchObject({ job: 'shops_of_all', err: { message: expect.any(String) } });
      }
      const told = ofSteps.map(
        ({ profile, step, attempt }) => `${profile} ${step} ${attempt ?? ''}`,
      );
      expect(told.toSorted()).toEqual([
        'inner each[0]/deep 1',
        'inner each[1]/deep 1',
        'inner in/deep 1',
        // What puts the items of a step together.
        'p each 1',
        'p many 1',
        'p many[1] 1',
        'p many[1] 2',
        'p plain 1',
        'p plain 2',
      ]);
    },
  ));
