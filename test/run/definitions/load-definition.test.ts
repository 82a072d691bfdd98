import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { KINDS } from '../../../src/kinds/index.ts';
import { DefinitionError } from '../../../src/run/definitions/definition-error.ts';
import { loadDefinition } from '../../../src/run/definitions/load-definition.ts';
import { UserError } from '../../../src/model/errors.ts';
import { problemLine, problemWithSource } from '../../../src/definition/render-problems.ts';

import type { Definition } from '../../../src/run/definitions/load-definition.ts';

const JOB = `job: sales
params:
  country: { type: string, default: DE }
  least: { type: integer, default: 3, min: 1 }
inputs:
  orders: { path: data/orders.csv }
`;

const PROFILE = `profile: p
steps:
  orders:
    uses: collect.files
    with: { from: '\${{ inputs.orders }}' }
  clean:
    uses: transform.sql
    needs: [orders]
    with:
      sql: |
        select * from orders
        where country = \${{ params.country }}
`;

async function load(
  files: {
    readonly job?: string;
    readonly profile?: string;
    readonly more?: Readonly<Record<string, string>>;
  },
  params: readonly string[] = [],
): Promise<Definition> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-definition-'));
  try {
    const all = {
      'data/orders.csv': 'id\n1\n',
      'job.yaml': files.job ?? JOB,
      'p.yaml': files.profile ?? PROFILE,
      ...files.more,
    };
    for (const [name, text] of Object.entries(all)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    return await loadDefinition({
      jobPath: 'job.yaml',
      profile: 'p',
      params,
      start: { date: '2024-10-09' },
      cwd: folder,
      kinds: KINDS,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function problems(...given: Parameters<typeof load>): Promise<readonly string[]> {
  try {
    await load(...given);
    return [];
  } catch (error) {
    if (error instanceof DefinitionError) return error.problems.map(problemLine);
    throw error;
  }
}

test('a plan is fully resolved: durations in ms, bound values, needs with what is mentioned', async () => {
  const { plan } = await load({}, ['country=FR']);
  expect(plan).toMatchObject({
    job: 'sales',
    profile: 'p',
    params: { country: 'FR', least: 3 },
    concurrency: 4,
  });
  expect(plan.steps[1]).toMatchObject({
    id: 'clean',
    needs: ['orders'],
    reads: ['orders'],
    timeoutMs: 600_000,
    retry: { attempts: 3, backoffMs: 2_000, factor: 2, maxBackoffMs: 60_000 },
    options: {
      sql: { $sql: ['select * from orders\nwhere country = ', { value: 'FR' }, '\n'] },
      ordered: true,
    },
  });
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
});

test('equal definitions have one hash, and any change another', async () => {
  const first = await load({});
  expect((await load({})).planSha256).not.toBe('');
  const other = await load({}, ['least=4']);
  expect(other.planSha256).not.toBe(first.planSha256);
});

const step = (text: string): string => `${PROFILE}${text}`;

test.each([
  [
    'DUPLICATE_KEY',
    { profile: step('  clean: { uses: transform.sql }\n') },
    /p\.yaml:13:3: DUPLICATE_KEY: .*'clean'/,
  ],
  [
    'UNKNOWN_KEY',
    { profile: step('  x: { usees: transform.sql }\n') },
    /UNKNOWN_KEY: .*'usees'.*Did you mean 'uses'\?/,
  ],
  [
    'UNKNOWN_KIND',
    { profile: step('  x:\n    uses: transfrom.sql\n') },
    /p\.yaml:14:11: UNKNOWN_KIND: .*known kinds: .*Did you mean 'transform\.sql'\?/,
  ],
  [
    'MISSING_KEY',
    { profile: step('  x: { needs: [clean] }\n') },
    /MISSING_KEY: step 'x': the key 'uses' is missing/,
  ],
  [
    'WRONG_TYPE',
    { profile: step('  x: { uses: exec.command, core: 3 }\n') },
    /WRONG_TYPE: .*core.*expected true or false/,
  ],
  [
    'BAD_VALUE',
    { profile: PROFILE.replace('steps:', 'on_failure: explode\nsteps:') },
    /BAD_VALUE: .*on_failure.*allowed: continue, stop/,
  ],
  [
    'BAD_DURATION',
    { profile: step('  x: { uses: exec.command, timeout: soon }\n') },
    /BAD_DURATION: .*90s or 1h30m/,
  ],
  [
    'BAD_OPTION',
    { profile: step('  x: { uses: exec.command, with: { shel: true } }\n') },
    /BAD_OPTION: .*'shel'.*Did you mean 'shell'\?/,
  ],
  [
    'UNKNOWN_NEED',
    { profile: step('  x: { uses: exec.command, needs: [claen], with: { shell: "true" } }\n') },
    /p\.yaml:13:36: UNKNOWN_NEED: .*Did you mean 'clean'\?/,
  ],
  [
    'CYCLE',
    {
      profile: step(
        '  a: { uses: exec.command, needs: [b], with: { shell: "1" } }\n  b: { uses: exec.command, needs: [a], with: { shell: "1" } }\n',
      ),
    },
    /CYCLE: .*a -> b -> a/,
  ],
  [
    'UNKNOWN_REFERENCE',
    { profile: PROFILE.replace('params.country', 'params.county') },
    /p\.yaml:12:25: UNKNOWN_REFERENCE: .*Did you mean 'country'\?/,
  ],
  [
    'UNKNOWN_REFERENCE',
    {
      profile: step(
        "  x: { uses: exec.command, with: { command: [cat, '${{ steps.clean.outputs.csv }}'] } }\n",
      ),
    },
    /UNKNOWN_REFERENCE: .*no output 'csv'/,
  ],
  [
    'BAD_REFERENCE',
    { profile: PROFILE.replace('params.country', 'params.country + 1') },
    /BAD_REFERENCE: .*never code/,
  ],
  [
    'BAD_REFERENCE',
    { profile: PROFILE.replace('${{ params.country }}', "'${{ params.country }}'") },
    /BAD_REFERENCE: .*quotes/,
  ],
  [
    'SECRET_NOT_ALLOWED',
    { profile: step("  x: { uses: exec.command, with: { command: [a, '${{ secrets.T }}'] } }\n") },
    /SECRET_NOT_ALLOWED: .*env/,
  ],
  [
    'SECRET_NOT_ALLOWED',
    { profile: PROFILE.replace('params.country', 'secrets.T') },
    /SECRET_NOT_ALLOWED/,
  ],
  [
    'DUPLICATE_EXPORT',
    {
      profile: step(
        '  a: { uses: export.dataset, with: { from: clean } }\n  b: { uses: export.dataset, with: { from: clean } }\n',
      ),
    },
    /DUPLICATE_EXPORT: .*'a' and 'b' both export clean\.parquet/,
  ],
  [
    'FILE_NOT_FOUND',
    { job: JOB.replace('orders.csv', 'order.csv') },
    /job\.yaml:6:19: FILE_NOT_FOUND: .*order\.csv does not exist/,
  ],
  [
    'FILE_NOT_FOUND',
    { profile: PROFILE.replace('steps:', 'extends: nobody\nsteps:') },
    /p\.yaml:2:10: FILE_NOT_FOUND: the profile 'nobody'/,
  ],
  [
    'EXTENDS_CYCLE',
    {
      profile: PROFILE.replace('steps:', 'extends: q\nsteps:'),
      more: { 'q.yaml': 'profile: q\nextends: p\n' },
    },
    /EXTENDS_CYCLE: .*p\.yaml -> q\.yaml -> p\.yaml/,
  ],
  ['BAD_YAML', { profile: 'profile: p\nsteps: [\n' }, /BAD_YAML/],
  ['BAD_YAML', { job: '' }, /job\.yaml:1:1: BAD_YAML: the file is empty/],
  ['BAD_YAML', { job: `${JOB}---\njob: b\n` }, /more than one document/],
  ['WRONG_TYPE', { job: '- a\n' }, /WRONG_TYPE: .*mapping/],
  [
    'TOO_MANY_STEPS',
    {
      profile: `profile: p\nsteps:\n${Array.from({ length: 601 }, (_, i) => `  s${i}: { uses: exec.command, with: { shell: "1" } }\n`).join('')}`,
    },
    /TOO_MANY_STEPS: .*601 steps; at most 600/,
  ],
])('%s is told with its place', async (code, files, pattern) => {
  const lines = await problems(files);
  expect(lines).toEqual(expect.arrayContaining([expect.stringMatching(pattern)]));
  expect(lines.filter((line) => line.includes(` ${code}: `)).length).toBeGreaterThan(0);
});

test.each([
  ['nobody=1', /BAD_PARAM: the job has no parameter 'nobody'/],
  ['least=many', /BAD_PARAM: .*expected a whole number/],
  ['least=0', /BAD_PARAM: .*at least 1/],
])('--param %s is refused', async (param, pattern) => {
  expect(await problems({}, [param])).toEqual([expect.stringMatching(pattern)]);
});

test('all problems of both files come in one pass, in reading order', async () => {
  const lines = await problems({
    job: JOB.replace('type: string', 'type: strin').replace('orders.csv', 'gone.csv'),
    profile: PROFILE.replace('needs: [orders]', 'needs: [order]').replace(
      'collect.files',
      'collect.file',
    ),
  });
  expect(lines.map((line) => /^(\S+?):\d+:\d+: ([A-Z_]+)/.exec(line)?.slice(1))).toEqual([
    ['job.yaml', 'BAD_VALUE'],
    ['job.yaml', 'FILE_NOT_FOUND'],
    ['p.yaml', 'UNKNOWN_KIND'],
    ['p.yaml', 'UNKNOWN_NEED'],
  ]);
});

test('extends merges steps by id, and null removes one', async () => {
  const { plan } = await load({
    profile:
      'profile: p\nextends: base\nconcurrency: 2\nsteps:\n  gone: null\n  kept: { timeout: 5s }\n',
    more: {
      'base.yaml':
        'profile: base\nexpected_every: 24h\nsteps:\n  gone: { uses: exec.command, with: { shell: "1" } }\n  kept: { uses: exec.command, with: { shell: "1" } }\n',
    },
  });
  expect(plan).toMatchObject({ profile: 'p', concurrency: 2, expectedEveryMs: 86_400_000 });
  expect(plan.steps).toMatchObject([{ id: 'kept', timeoutMs: 5_000 }]);
});

test('on a terminal the line of the file is shown with a caret', () => {
  const problem = {
    code: 'UNKNOWN_KIND',
    file: 'p.yaml',
    line: 2,
    column: 3,
    message: 'no',
    hint: 'Yes?',
  } as const;
  expect(problemWithSource(problem, 'a\n  bad\n')).toBe(
    'p.yaml:2:3: UNKNOWN_KIND: no. Yes?\n  2 |   bad\n        ^',
  );
});

test('no damage to a file makes anything but a clear error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(PROFILE.length - 1),
      fc.nat(12),
      fc.string({ maxLength: 6 }),
      async (at, cut, text) => {
        const profile = PROFILE.slice(0, at) + text + PROFILE.slice(at + cut);
        const failure = await load({ profile }).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (failure !== undefined) expect(failure).toBeInstanceOf(UserError);
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);
