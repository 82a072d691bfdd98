/** Two small kinds that use every role, and a one-line way to check texts with them. */

import { z } from 'zod';

import { checkDefinition } from '../../src/definition/check.ts';
import { problemLine } from '../../src/definition/render-problems.ts';

import type { Checked } from '../../src/definition/check.ts';
import type { KindSpec } from '../../src/definition/kind-spec.ts';
import type { PlanStep } from '../../src/model/plan.ts';

const node = z.looseObject({}).refine((value) => Object.keys(value)[0]?.startsWith('$'));
const query = z.union([z.string().min(1), node], {
  error: (issue) => (issue.input === '' ? 'a query must not be empty' : undefined),
});

/** Makes `table`, or the outputs named in `outputs`. */
const make: KindSpec = {
  kind: 'fake.make',
  summary: 'Makes tables.',
  schema: z.strictObject({
    sql: query.optional(),
    outputs: z.record(z.string(), query).optional(),
    from: z.union([z.string(), z.array(z.string())]).optional(),
    rows: z.union([z.int().min(1), node]).default(1),
    text: z.union([z.string(), node]).optional(),
    mode: z.enum(['fast', 'exact']).optional(),
    env: z.record(z.string(), z.union([z.string(), node])).optional(),
    options: z.strictObject({ depth: z.number().optional() }).optional(),
  }),
  roles: { sql: ['sql', 'outputs.*'], secrets: ['env.*'], paths: ['from'], texts: ['env.*'] },
  outputs: (options: { readonly outputs?: object }) =>
    options.outputs === undefined ? ['table'] : Object.keys(options.outputs),
};

/** Exports a table under a name. */
const send: KindSpec = {
  kind: 'fake.send',
  summary: 'Exports a table.',
  schema: z.strictObject({
    table: z.string(),
    name: z.string(),
    also: z.array(z.strictObject({ to: z.string() })).optional(),
  }),
  roles: { tables: ['table', 'also.*.to'] },
  outputs: () => undefined,
  exports: (options: { readonly name: string }) => [`${options.name}.csv`],
};

export const FAKE_KINDS: readonly KindSpec[] = Object.freeze([make, send]);

export const JOB = 'job: demo\nprofile: main\n';

/** Checks texts; profiles are given base first. Files are `job.yaml`, `p0.yaml`, `p1.yaml`, ... */
export function check(
  job: string,
  profiles: string | readonly string[],
  given: Readonly<Record<string, string>> = {},
  complete = true,
): Checked {
  const texts = typeof profiles === 'string' ? [profiles] : profiles;
  return checkDefinition({
    job: { path: 'job.yaml', text: job },
    profiles: texts.map((text, i) => ({ path: `p${i}.yaml`, text })),
    kinds: FAKE_KINDS,
    given,
    start: { date: '2026-01-31' },
    resolvePath: (path) => (path.startsWith('/') ? path : `/data/${path}`),
    complete,
  });
}

/** The problems as lines, without their last sentence. */
export function problemsOf(
  job: string,
  profiles: string | readonly string[],
  given: Readonly<Record<string, string>> = {},
): readonly string[] {
  return check(job, profiles, given).problems.map(problemLine);
}

/** `file:line:column: CODE` of each problem. */
export function placesOf(job: string, profiles: string | readonly string[]): readonly string[] {
  return check(job, profiles).problems.map(
    ({ file, line, column, code }) => `${file}:${line}:${column}: ${code}`,
  );
}

/** A step of a definition that must be valid. */
export function stepOf(
  id: string,
  job: string,
  profiles: string | readonly string[],
  given: Readonly<Record<string, string>> = {},
): PlanStep {
  const { plan, problems } = check(job, profiles, given);
  const step = plan?.steps.find((each) => each.id === id);
  if (step === undefined) throw new Error(problems.map(problemLine).join('\n'));
  return step;
}
