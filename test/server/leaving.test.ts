import { expect, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';
import { withService } from '../harness/service.ts';

import type { Ended, Running } from '../harness/cli.ts';

const FILES = {
  'jobs/j.yaml': 'job: j\nprofile: p\n',
  'profiles/p.yaml': `profile: p
steps:
  one: { uses: exec.command, with: { shell: 'true' } }
`,
};
const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out'];

/** A process that does not leave is none that leaves late: the limit only has to be shorter than for ever. */
const LIMIT_MS = 20_000;

async function leaves(running: Running): Promise<Ended> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`it stays:\n${running.said()}`)), LIMIT_MS).unref();
  });
  return Promise.race([running.ended, late]);
}

test('a namespace that does not exist ends every command at once, with a sentence and exit code 2', () =>
  withProject(FILES, (project) =>
    withService(project, async ({ address }) => {
      const service = ['--temporal-address', address, '--namespace', 'nope'];
      for (const words of [
        ['worker', ...service],
        [...RUN, ...service],
        [...RUN, '--namespace', 'nope'],
      ]) {
        const { code, stderr } = await leaves(project.start(words));
        expect([code, stderr]).toEqual([
          2,
          expect.stringMatching(/^NAMESPACE_NOT_FOUND: Temporal at \S+ has no namespace 'nope'$/m),
        ]);
      }
    }),
  ));
