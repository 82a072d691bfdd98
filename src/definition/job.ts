/** The job file: what to build. Its shape only; `params.ts` gives its parameters their values. Pure. */

import { z } from 'zod';

import { PERIODS } from '../model/partition.ts';
import { LEAST_CATCH_UP_MS, LEAST_EVERY_MS, OVERLAPS } from '../model/schedule.ts';
import { hooksSchema } from './hooks.ts';
import { definitionName, duration, memberName, plainScalar } from './definition-types.ts';

/** Types a parameter can have; a date is text, YYYY-MM-DD, and a list is texts with commas between them. */
export const PARAM_TYPES = ['string', 'integer', 'number', 'boolean', 'date', 'list'] as const;
export type ParamType = (typeof PARAM_TYPES)[number];

const param = z.strictObject({
  type: z.enum(PARAM_TYPES).describe('Type of the value.'),
  default: z
    .union([plainScalar(), z.array(z.string())], {
      error: 'expected text, a number, true or false, or a list of texts',
    })
    .optional()
    .describe('Value where no --param gives one; without it the parameter must be given.'),
  min: z
    .union([z.number(), z.string()])
    .optional()
    .describe('Smallest value of an integer, number or date.'),
  max: z
    .union([z.number(), z.string()])
    .optional()
    .describe('Largest value of an integer, number or date.'),
  pattern: z
    .string()
    .optional()
    .describe('Regular expression that the text of a string must match; anchor it with ^ and $.'),
  enum: z.array(plainScalar()).min(1).optional().describe('The only values allowed.'),
  description: z.string().optional().describe('What the parameter is for.'),
});

const input = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe('A file, or a glob of files, relative to the job file. It must exist.'),
  description: z.string().optional().describe('What the data is and where it comes from.'),
});

/** How the job is cut; `check-partition.ts` says what goes together. */
export const partitionSchema = z.strictObject({
  by: z
    .enum([...PERIODS, 'list'])
    .describe(
      'What one partition is: a day, week (ISO 8601), month or year, or an item of a list.',
    ),
  start: plainScalar()
    .optional()
    .describe('The first partition of a calendar: 2026-10-31, 2026-W44, 2026-10 or 2026.'),
  end: plainScalar().optional().describe('The last one, if there is a last one.'),
  timezone: z
    .string()
    .optional()
    .describe(
      'Whose days they are, such as Europe/Amsterdam; also those of run.date. Default: UTC.',
    ),
  values: z.array(plainScalar()).min(1).optional().describe('The partitions of a list.'),
});

const cronLine = z.string({ error: "expected a cron line such as '15 3 * * *'" });

/** When the job is made by itself; `check-schedule.ts` says what goes together. */
export const scheduleSchema = z.strictObject({
  cron: z
    .union([cronLine, z.array(cronLine).min(1).max(50)], {
      error: "expected a cron line such as '15 3 * * *', or a list of them",
    })
    .optional()
    .describe("A cron line such as '15 3 * * *' (minute, hour, day, month, weekday), or several."),
  every: duration({ minMs: LEAST_EVERY_MS, range: 'at least 1s' })
    .optional()
    .describe('Instead of cron: the time from one run to the next, counted from 1970 in UTC.'),
  timezone: z
    .string()
    .optional()
    .describe('Whose clock cron is read by. Default: that of the partition, else UTC.'),
  overlap: z
    .enum(OVERLAPS)
    .optional()
    .describe('What happens to a run that is due while the earlier one goes on. Default: skip.'),
  catch_up: duration({
    minMs: LEAST_CATCH_UP_MS,
    maxMs: 366 * 86_400_000,
    range: '10s to 366d',
  })
    .optional()
    .describe('A run that was missed is made up for when it is no older than this. Default: 1d.'),
  jitter: duration({ maxMs: 86_400_000, range: 'at most 1d' })
    .optional()
    .describe('Each run starts up to so much later, by chance.'),
  pause_on_failure: z
    .boolean()
    .optional()
    .describe('Pauses the schedule when a run fails. Default: false.'),
  make: z
    .union([plainScalar(), z.array(plainScalar()).min(1)], {
      error: 'expected latest, previous, missing, all, or ids of partitions',
    })
    .optional()
    .describe(
      'Which partitions a run makes: latest (default of a calendar), previous, missing, all (default of a list), or ids.',
    ),
  profile: z
    .string()
    .min(1)
    .optional()
    .describe('The profile of scheduled runs. Default: the one the job names.'),
  out: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder that receives the dataset, relative to the job file. Default: out/<job> in the project.',
    ),
});

/** Shape of a job file. */
export const jobSchema = z.strictObject({
  job: definitionName().describe('Name of the job: its label in metrics and part of its run ids.'),
  profile: z
    .string()
    .min(1)
    .optional()
    .describe('Profile used when --profile is not given: a name, or a path that ends in .yaml.'),
  description: z.string().optional().describe('What is built, for whom.'),
  params: z
    .record(memberName(), param)
    .optional()
    .describe('Values that a run may change with --param, as ${{ params.name }}.'),
  inputs: z
    .record(memberName(), input)
    .optional()
    .describe('Files from outside, as ${{ inputs.name }}.'),
  partition: partitionSchema
    .optional()
    .describe('Cuts the job: a run makes one partition, known as ${{ partition.id }}.'),
  schedule: scheduleSchema
    .optional()
    .describe('When `serve` makes the job by itself, and what of it.'),
  hooks: hooksSchema
    .optional()
    .describe('Who is told when a run of this job has ended, beside the hooks of builder.yaml.'),
  budgets: z
    .strictObject({
      wall: duration({ minMs: 1 })
        .optional()
        .describe('Longest time a whole run may take; what still runs then is BUDGET_EXCEEDED.'),
    })
    .optional()
    .describe('Limits of a whole run.'),
});
export type Job = z.infer<typeof jobSchema>;
