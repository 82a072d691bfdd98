import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, jest, test } from '@jest/globals';

import { ROOT, withProject } from '../harness/cli.ts';
import { shownFiles } from '../content/documents.ts';

import type { Project } from '../harness/cli.ts';

jest.setTimeout(300_000);

type Result = {
  readonly status: string;
  readonly steps: readonly {
    readonly id: string;
    readonly status: string;
    readonly attempts: number;
  }[];
};

async function run(project: Project, profile: string): Promise<Result & { readonly code: number }> {
  const words = ['run-profile', '--job', 'jobs/patterns.yaml', '--profile', profile];
  const { code, stdout } = await project.run([...words, '--out', `out/${profile}`, '--json']);
  return { ...(JSON.parse(stdout) as Result), code: code ?? -1 };
}

const page = await readFile(join(ROOT, 'docs/patterns.md'), 'utf8');
const FILES = shownFiles(page);

test.each([
  ['loop', 'hello.csv', 'region,greeting\nnorth,hello north\nsouth,hello south\n'],
  ['map_reduce', 'best.csv', 'shop\nnorth\n'],
  ['status', 'fallback.csv', 'source\nold\n'],
  ['nested', 'each.csv', 'shop,total\nnorth,15\nsouth,7\n'],
])('the pattern %s delivers what it says', (profile, file, text) =>
  withProject(FILES, async (project) => {
    expect(await run(project, profile)).toMatchObject({ code: 0 });
    expect(await readFile(project.path(`out/${profile}/${file}`), 'utf8')).toBe(text);
  }),
);

test('the exit handler runs although the run fails, limits and retries let the others end well', () =>
  withProject(FILES, async (project) => {
    const failing = await run(project, 'exit_handler');
    expect(failing.code).toBe(4);
    expect(failing.steps.map(({ id, status }) => `${id} ${status}`)).toEqual([
      ...['work FAIL', 'numbers OK', 'close OK'],
    ]);
    expect(await run(project, 'limited')).toMatchObject({ code: 0 });
    const retried = await run(project, 'conditional_retry');
    expect(retried).toMatchObject({ code: 0, steps: [{ attempts: 3 }] });

    const words = page.match(/^builder_cli (run-step .*)$/m)?.[1]?.split(' ') ?? [];
    const one = await project.run([...words, '--json']);
    expect(one).toMatchObject({ code: 0 });
    expect((JSON.parse(one.stdout) as Result).steps.map(({ id }) => id)).toEqual([
      'orders',
      'shops',
    ]);
  }));
