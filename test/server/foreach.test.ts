import { readFile } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { withProject } from '../harness/cli.ts';

import type { Project } from '../harness/cli.ts';

jest.setTimeout(240_000);

const SALES = 'region,amount\nnorth,1\nsouth,2\nnorth,3\neast,5\n';

const profile = (regions: string): string => `
profile: p
defaults: { retry: { attempts: 1 } }
steps:
  sales: { uses: collect.files, with: { from: 'sales.csv' } }
  score:
    uses: transform.sql
    needs: [sales]
    foreach: { item: region, in: ${regions}, at_most: 2 }
    with:
      sql: select sum(amount)::bigint as total from sales where region = \${{ item }}
  shout:
    uses: exec.command
    foreach: { item: word, in: '\${{ params.words }}' }
    with:
      command: [sh, -c, 'printf "loud\\n%s!\\n" "$1" > out.csv; printf "%s" "$1" > note.txt', sh, '\${{ item }}']
      files: [sales.csv]
      outputs: { table: { path: out.csv }, note: { path: note.txt } }
  check:
    uses: check.table
    with: { table: score, checks: [{ not_null: [region] }] }
  scores: { uses: export.dataset, with: { from: score, formats: [csv] } }
  words: { uses: export.dataset, with: { from: shout, formats: [csv] } }
`;

const files = (regions = '[north, south, east]') => ({
  'j.yaml': 'job: j\nprofile: p\nparams: { words: { type: list, default: [one, two] } }\n',
  'profiles/p.yaml': profile(regions),
  'sales.csv': SALES,
});

type Shown = {
  readonly status: string;
  readonly steps: readonly {
    readonly id: string;
    readonly status: string;
    readonly reason?: string;
    readonly rows_out?: number;
    readonly items?: {
      readonly total: number;
      readonly counts: Readonly<Record<string, number>>;
      readonly failed?: readonly Readonly<Record<string, unknown>>[];
    };
  }[];
};

async function run(project: Project, ...words: readonly string[]) {
  const ended = await project.run(
    words.length === 0 || words[0]?.startsWith('--') === true
      ? ['run-profile', '--job', 'j.yaml', '--out', 'out', '--json', ...words]
      : [...words, '--json'],
  );
  const result = JSON.parse(ended.stdout) as Shown;
  return {
    ...ended,
    ...result,
    step: (id: string) => result.steps.find((each) => each.id === id)!,
  };
}

test('does a step for each item, puts the tables together, and reuses each item by itself', () =>
  withProject(files(), async (project) => {
    const first = await run(project);
    expect(first.stderr).toContain('score: 3 items');
    expect(first).toMatchObject({ code: 0, status: 'OK' });
    expect(first.step('score')).toMatchObject({
      status: 'OK',
      rows_out: 3,
      items: { total: 3, counts: { OK: 3 } },
    });
    expect(await readFile(project.path('out/score.csv'), 'utf8')).toBe(
      'region,total\nnorth,4\nsouth,2\neast,5\n',
    );
    expect(await readFile(project.path('out/shout.csv'), 'utf8')).toBe(
      'word,loud\none,one!\ntwo,two!\n',
    );

    const again = await run(project);
    expect(again.stderr).toContain('engine    none is needed');
    expect(again.step('score')).toMatchObject({
      status: 'CACHED',
      items: { total: 3, counts: { CACHED: 3 } },
    });

    await project.write(files('[west, north, south, east]'));
    const explained = await project.run(['explain', '--job', 'j.yaml']);
    expect(explained.stdout).toMatch(/score +run .*\n +1 of its 4 items\n/);
    const more = await run(project, '--param', 'words=two,three');
    expect(more.step('score').items).toEqual({ total: 4, counts: { OK: 1, CACHED: 3 } });
    expect(more.step('shout').items).toEqual({ total: 2, counts: { OK: 1, CACHED: 1 } });
    expect(await readFile(project.path('out/score.csv'), 'utf8')).toBe(
      'region,total\nwest,\nnorth,4\nsouth,2\neast,5\n',
    );
  }));
