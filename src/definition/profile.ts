/** The profile file: how to build. Its shape and the built-in defaults; meaning is checked in `check.ts`. Pure. */

import { z } from 'zod';

import { linearPattern } from '../model/linear-pattern.ts';
import { momentOf } from '../model/moment.ts';
import {
  definitionName,
  duration,
  limitName,
  memberName,
  plainScalar,
  stepId,
} from './definition-types.ts';

/** What holds where neither a step nor `defaults` says otherwise. Durations as in files. */
export const DEFAULTS = Object.freeze({
  concurrency: 4,
  on_failure: 'continue',
  timeout: '10m',
  heartbeat: '15s',
  retry: Object.freeze({ attempts: 3, backoff: '2s', factor: 2, max_backoff: '1m' }),
  core: false,
  allow_failure: false,
  reuse: true,
});

const retry = z.strictObject({
  attempts: z.int().min(1).max(100).optional().describe('Most attempts, the first one included.'),
  backoff: duration().optional().describe('Wait before the second attempt.'),
  factor: z.number().min(1).max(100).optional().describe('Each wait is so many times the last.'),
  max_backoff: duration().optional().describe('Longest wait between two attempts.'),
  max_duration: duration({ minMs: 1 })
    .optional()
    .describe('Longest time over all attempts and waits, from the first start.'),
});

const timeout = duration({ minMs: 1 }).describe('Longest time one attempt may take.');

/** The comparisons of a `when`; exactly one stands beside `value`. */
const COMPARISONS = [
  'equals',
  'not_equals',
  'above',
  'below',
  'at_least',
  'at_most',
  'in',
  'not_in',
  'matches',
] as const;

/** What joins conditions; stands alone in its mapping. */
export const JOINTS = ['all', 'any', 'not'] as const;

const bound = z
  .union([
    z.number(),
    z.string().refine((text) => momentOf(text) !== undefined, {
      error: ({ input }) =>
        `'${String(input)}' is neither a number nor a date or time such as 2026-03-01 or 2026-03-01T07:30:00Z`,
    }),
  ])
  .optional();

const pattern = z
  .string()
  .superRefine((text, ctx) => {
    const { wrong } = linearPattern(text);
    if (wrong !== undefined) ctx.addIssue({ code: 'custom', message: `'${text}': ${wrong}` });
  })
  .describe('A regular expression that is found in the text; anchor it with ^ and $.');

const comparison = z
  .strictObject({
    value: plainScalar()
      .optional()
      .describe(
        'A reference, such as ${{ steps.clean.values.rows }} or ${{ steps.clean.status }}.',
      ),
    equals: plainScalar().optional(),
    not_equals: plainScalar().optional(),
    above: bound,
    below: bound,
    at_least: bound,
    at_most: bound,
    in: z.array(plainScalar()).min(1).optional(),
    not_in: z.array(plainScalar()).min(1).optional(),
    matches: pattern.optional(),
    get all() {
      return z.array(conditionSchema).min(1).optional().describe('Holds if each of them holds.');
    },
    get any() {
      return z.array(conditionSchema).min(1).optional().describe('Holds if one of them holds.');
    },
    get not() {
      return conditionSchema.optional().describe('Holds if this does not.');
    },
  })
  .refine((when) => isOneForm(Object.keys(when)), {
    error: `'when' takes 'value' and exactly one of ${COMPARISONS.join(', ')}; or one of ${JOINTS.join(', ')} alone`,
  });

function isOneForm(keys: readonly string[]): boolean {
  const isAlone = keys.length === 1 && JOINTS.some((joint) => joint === keys[0]);
  return (
    isAlone ||
    (keys.length === 2 && keys.includes('value') && !JOINTS.some((joint) => keys.includes(joint)))
  );
}

/** Shape of `when`, its references replaced. */
export const conditionSchema: z.ZodType<WhenShape> = z
  .union([z.boolean(), comparison])
  .meta({ id: 'condition' });
type WhenShape = boolean | Readonly<Record<string, unknown>>;

const item = z.union([plainScalar(), z.record(memberName(), plainScalar())]);

const LIST_WORDS =
  'expected a list of values or of mappings, the name of a table, or a reference to a table or a list';

/** Shape of `foreach`, references replaced but in its list. */
export const foreachSchema = z.strictObject({
  in: z
    .union([z.string({ error: LIST_WORDS }).min(1), z.array(item).min(1)], { error: LIST_WORDS })
    .describe(
      'The items: a list of values or of mappings, ${{ params.x }} of type list, or a table such as shops.',
    ),
  item: memberName()
    .optional()
    .describe('Name of the column of the items in the result. Default: item.'),
  at_most: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe("Most items at once. Default: the profile's concurrency."),
  allow_failed: z
    .union([
      z.int().min(0),
      z.string().refine((text) => percentOf(text) !== undefined, {
        error: "expected a number of items such as 3, or of a hundred such as '5%'",
      }),
    ])
    .optional()
    .describe('Items that may fail and be left out: a number, or 5%. Default: none.'),
});

/** 5 for '5%'; undefined where it is not so many of a hundred. */
export function percentOf(text: string): number | undefined {
  const percent = Number(/^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1] ?? NaN);
  return percent <= 100 ? percent : undefined;
}

const step = z.strictObject({
  uses: z.string().optional().describe('Kind of the step, such as transform.sql.'),
  description: z.string().optional().describe('What the step is for.'),
  needs: z
    .array(stepId())
    .optional()
    .describe('Steps that must be done before; SQL sees them as tables.'),
  with: z.record(z.string(), z.unknown()).optional().describe('Options of the kind.'),
  run_if: z
    .enum(['succeeded', 'failed', 'always'])
    .optional()
    .describe(
      'succeeded: once all it needs did; failed: if one of them did not; always: however they ended. Without needs: at the end of the run.',
    ),
  when: conditionSchema
    .optional()
    .describe(
      'Run the step only if this holds: a reference that is true or false, or a comparison.',
    ),
  foreach: foreachSchema
    .optional()
    .describe('Do the step for each item of a list; its result is that of all of them.'),
  timeout: timeout.optional(),
  retry: retry.optional().describe('When and how often a failed attempt is tried again.'),
  core: z.boolean().optional().describe('The "no data" alert watches this step.'),
  alert: z
    .strictObject({
      p95: duration({ minMs: 1 })
        .optional()
        .describe('The latency alert fires when the 95th percentile of the duration is above it.'),
    })
    .optional()
    .describe('Alert thresholds.'),
  allow_failure: z
    .boolean()
    .optional()
    .describe('A failure makes the step WARN; steps that only need it still run.'),
  reuse: z
    .boolean()
    .optional()
    .describe('false: always run, never take the result of an earlier run.'),
  uses_limit: limitName()
    .optional()
    .describe('A limit of builder.yaml: its attempts wait for a place of it.'),
});

/** Shape of a profile file; `uses` may come from the profile it extends. */
export const profileSchema = z.strictObject({
  profile: definitionName().describe('Name of the profile: its label in metrics.'),
  extends: z
    .string()
    .min(1)
    .optional()
    .describe('Profile this one starts from: a name, or a path that ends in .yaml.'),
  description: z.string().optional().describe('How it builds, and when to use it.'),
  takes: z
    .array(stepId())
    .min(1)
    .optional()
    .describe('Tables it is given as a step of another profile; its steps see them as tables.'),
  gives: z
    .record(stepId(), z.string().min(1))
    .optional()
    .describe(
      'What it has to give as a step of another profile: tables and files of its steps (step or step.output), or values (${{ steps.x.values.y }}), by name.',
    ),
  expected_every: duration({ minMs: 1, maxMs: 92 * 86_400_000, range: '1ms to 92d' })
    .optional()
    .describe('An alert fires when no run completes for two of these periods; at most 92d.'),
  concurrency: z.int().min(1).max(1000).optional().describe('Most steps at once.'),
  on_failure: z
    .enum(['continue', 'stop'])
    .optional()
    .describe(
      'continue: steps that do not need the failed one still run; stop: nothing new starts.',
    ),
  defaults: z
    .strictObject({
      timeout: timeout.optional(),
      retry: retry.optional().describe('When and how often a failed attempt is tried again.'),
      heartbeat: duration()
        .optional()
        .describe('How soon a lost worker is noticed; 0s turns it off.'),
    })
    .optional()
    .describe('For every step that does not say otherwise.'),
  steps: z
    .record(stepId(), step.nullable())
    .optional()
    .describe('The steps by id; null removes a step of the extended profile.'),
});
export type Profile = z.infer<typeof profileSchema>;
