/** The zod types that both definition files share: names, durations, scalars. Pure. */

import { z } from 'zod';

import { DURATION_PATTERN, durationMs, LONGEST_DURATION } from '../model/duration.ts';

/** Ids of steps: they become table names, activity ids and labels. */
export const STEP_ID = /^[a-z][a-z0-9_]{0,62}$/;
/** Names of jobs and profiles: they become labels and parts of run ids. */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
/** Names of parameters and inputs: they are written in references. */
const MEMBER_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** The name of a job or profile. */
export function definitionName() {
  return z.string().regex(FILE_NAME, 'expected a name of at most 63 letters, digits, - and _');
}

/** The name of a parameter or an input. */
export function memberName() {
  return z.string().regex(MEMBER_NAME, 'expected a name of at most 63 letters, digits and _');
}

/** The id of a step. */
export function stepId() {
  return z
    .string()
    .regex(
      STEP_ID,
      'expected the id of a step: a small letter, then at most 62 small letters, digits and _',
    );
}

/** The name of a limit that pipelines share. */
export function limitName() {
  return z
    .string()
    .regex(
      STEP_ID,
      'expected the name of a limit: a small letter, then at most 62 small letters, digits and _',
    );
}

/** A duration as text; it stays text here, so that the JSON Schema says what people write. */
export function duration({
  minMs = 0,
  maxMs,
  range,
}: {
  readonly minMs?: number;
  readonly maxMs?: number;
  readonly range?: string;
} = {}) {
  return z
    .string({
      error: 'expected a duration: a number with a unit (d, h, m, s, ms) such as 90s or 1h30m',
    })
    .refine((text) => durationMs(text) !== undefined, {
      error: ({ input }) =>
        `${shown(input)} is no duration; expected a number with a unit (d, h, m, s, ms) such as 90s or 1h30m, at most ${LONGEST_DURATION}`,
      params: { code: 'BAD_DURATION' },
      abort: true,
    })
    .refine(
      (text) => {
        const ms = durationMs(text) ?? 0;
        return ms >= minMs && (maxMs === undefined || ms <= maxMs);
      },
      { error: `this duration is out of range; expected ${range ?? 'at least 1ms'}` },
    )
    .meta({ pattern: DURATION_PATTERN, examples: ['90s', '10m', '1h30m'] });
}

function shown(input: unknown): string {
  const text = String(input);
  return text.length > 40 ? `'${text.slice(0, 40)}...'` : `'${text}'`;
}

/** Text, number, true or false. */
export function plainScalar() {
  return z.union([z.string(), z.number(), z.boolean()]);
}
