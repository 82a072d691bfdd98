import { readFile, writeFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';

jest.setTimeout(120_000);

const RUN = ['run-profile', '--job', 'jobs/j.yaml', '--out', 'out', '--json'];

/** A command that writes a folder, and two that read it: by its name, and by the variable. */
const FILES = {
  'jobs/j.yaml': 'job: j\nprofile: p\n',
  'scripts/make.sh':
    "mkdir -p parts/a/b && echo 1 > parts/a/one && echo 2 > parts/a/b/two && printf '#!/bin/sh\\necho ran\\n' > parts/run && chmod +x parts/run",
  'scripts/read.sh':
    'cd "$1" && { find . -type f | sort; cat a/one a/b/two; ./run; } > "$OLDPWD/all.txt" && echo changed > a/one && touch new',
  'profiles/p.yaml': `
profile: p
defaults: { retry: { attempts: 1 } }
steps:
  make:
    uses: exec.command
    with: { files: [../scripts/make.sh], command: [sh, make.sh], outputs: { parts: { path: parts, format: tree } } }
  first:
    uses: exec.command
    with: { files: [../scripts/read.sh], command: [sh, read.sh, '\${{ steps.make.outputs.parts }}'], outputs: { all: { path: all.txt } } }
  second:
    uses: exec.command
    needs: [first]
    with:
      files: [../scripts/read.sh]
      shell: 'sh read.sh "$BUILDER_INPUT_MAKE_PARTS"; echo "$AFTER" >> all.txt'
      env: { AFTER: 'after \${{ steps.make.outputs.parts }}' }
      outputs: { all: { path: all.txt } }
  table: { uses: exec.command, with: { shell: 'printf "text\\n" > t.csv; cat "$FIRST" "$SECOND" | grep -v ^after >> t.csv', env: { FIRST: '\${{ steps.first.outputs.all }}', SECOND: '\${{ steps.second.outputs.all }}' }, outputs: { table: { path: t.csv } } } }
  files: { uses: export.dataset, with: { from: table, name: t, formats: [csv] } }
`,
};

const READ = './a/b/two\n./a/one\n./run\n1\n2\nran\n';

test('a command finds the folder that another one wrote, its own copy of it each', () =>
  withProject(FILES, async (project) => {
    const first = await project.run(RUN);
    expect(first).toMatchObject({ code: 0 });
    expect(await readFile(project.path('out/t.csv'), 'utf8')).toBe(`text\n${READ}${READ}`);

    const statuses = async (): Promise<unknown> => {
      const { stdout } = await project.run(RUN);
      const { steps } = JSON.parse(stdout) as { steps: { id: string; status: string }[] };
      return Object.fromEntries(steps.map(({ id, status }) => [id, status]));
    };
    const reused = { make: 'CACHED', first: 'CACHED', second: 'CACHED' };
    expect(await statuses()).toMatchObject(reused);
    // Another script that writes the same folder: who reads it is not run again.
    await writeFile(project.path('scripts/make.sh'), `${FILES['scripts/make.sh']} # again`);
    expect(await statuses()).toMatchObject({ ...reused, make: 'OK' });
  }));
