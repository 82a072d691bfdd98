import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';

test('two steps with the same command that is never reused are both executed', () =>
  withProject(
    {
      'jobs/j.yaml': 'job: j\nprofile: p\n',
      'profiles/p.yaml': `
profile: p
steps:
  before: { uses: exec.command, with: { shell: 'echo told >> "$LOG"', pass_env: [LOG] } }
  after: { uses: exec.command, needs: [before], with: { shell: 'echo told >> "$LOG"', pass_env: [LOG] } }
  other: { uses: exec.command, with: { shell: 'echo told >> "$LOG"', pass_env: [LOG] } }
`,
    },
    async (project) => {
      const env = { LOG: project.path('log') };
      const { code } = await project.run(
        ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out'],
        env,
      );
      expect(code).toBe(0);
      expect(await readFile(env.LOG, 'utf8')).toBe('told\n'.repeat(3));
    },
  ));
