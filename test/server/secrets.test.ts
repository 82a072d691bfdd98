import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';

const SECRET = 'correct-horse-battery';

const FILES = {
  'jobs/j.yaml': 'job: j\n',
  'profiles/p.yaml': `
profile: p
steps:
  use:
    uses: exec.command
    retry: { attempts: 1 }
    with:
      shell: 'echo "token is $TOKEN"; echo "broken with $TOKEN" >&2; test -n "$TOKEN"; exit 5'
      env: { TOKEN: 'Bearer \${{ secrets.API }}' }
`,
};

test('a secret reaches the command, and is found nowhere else: not in messages, records, logs or histories', async () => {
  await withProject(FILES, async (project) => {
    const { code, stdout, stderr } = await project.run(
      [
        'run-profile',
        '--job',
        'jobs/j.yaml',
        '--profile',
        'p',
        '--out',
        'out',
        '--json',
        '--verbose',
      ],
      { BUILDER_SECRET_API: SECRET },
    );
    expect(code).toBe(1);
    expect(stderr).toContain('broken with Bearer ***');
    expect(stdout + stderr).not.toContain(SECRET);
    const base64 = Buffer.from(SECRET).toString('base64').slice(0, 20);
    const entries = await readdir(project.folder, { recursive: true, withFileTypes: true });
    let looked = 0;
    for (const entry of entries.filter((e) => e.isFile())) {
      const text = await readFile(join(entry.parentPath, entry.name), 'latin1');
      looked += 1;
      expect([entry.name, text.includes(SECRET), text.includes(base64)]).toEqual([
        entry.name,
        false,
        false,
      ]);
    }
    expect(looked).toBeGreaterThan(5);
  });
});

test('a secret that the worker does not have ends the step with its name', async () => {
  await withProject(FILES, async (project) => {
    const { code, stderr } = await project.run([
      ...['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out'],
    ]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("SECRET_MISSING: this worker has no secret 'API'"),
    ]);
  });
});
