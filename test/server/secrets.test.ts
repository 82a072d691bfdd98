import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

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

const LOOKING = {
  'jobs/j.yaml': 'job: j\n',
  'profiles/p.yaml': `
profile: p
steps:
  look:
    uses: exec.command
    with:
      pass_env: [FOUND]
      shell: |
        tr -d '\\0' < "/proc/$PPID/environ" > "$FOUND/worker"
        for process in /proc/[0-9]*; do
          cat "$process/cmdline" "$process/environ" >> "$FOUND/all" 2> /dev/null || :
        done
`,
};

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('where the system shows the environment of processes', () => {
  test('a step finds no secret in that of the worker, of the engine and of its keeper', () =>
    withProject(LOOKING, async (project) => {
      const { code, stderr } = await project.run(
        ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out'],
        { BUILDER_SECRET_API: SECRET, FOUND: project.folder },
      );
      expect([code, stderr]).toEqual([0, expect.stringContaining('1 OK')]);
      expect(await readFile(project.path('worker'), 'latin1')).toBe('');
      const all = await readFile(project.path('all'), 'latin1');
      // The engine was among them, and what is looked for would have been found.
      expect(all).toContain('start-dev');
      expect(all).toContain(`FOUND=${project.folder}`);
      expect(all).not.toContain(SECRET);
    }));
});
