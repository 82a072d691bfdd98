/** What `schedule apply` did, or would do, as lines. Pure. */

import type { Applied } from '../../run/schedules/schedules.ts';

const WORDS = Object.freeze({
  create: ['created', 'would be created'],
  change: ['changed', 'would be changed'],
  remove: ['removed', 'would be removed'],
  none: ['unchanged', 'unchanged'],
  keep: ['kept', 'kept'],
} as const);

/** A line for each schedule, with what is different below it. */
export function differenceLines(changes: readonly Applied[], dryRun: boolean): readonly string[] {
  if (changes.length === 0) return ['no job declares a schedule, and none is in Temporal'];
  const width = Math.max(...changes.map(({ job }) => job.length));
  return changes.flatMap(({ job, change, differences, failed, lost }) => {
    const word =
      failed === undefined ? WORDS[change][dryRun ? 1 : 0] : `not ${WORDS[change][0]}: ${failed}`;
    const why =
      lost === true
        ? ' (the engine had forgotten it)'
        : change === 'keep'
          ? ' (its file cannot be read now, or was not asked for)'
          : '';
    const line = `${job.padEnd(width)}  ${word}${why}`;
    return [line, ...differences.map((difference) => `${' '.repeat(width + 2)}  ${difference}`)];
  });
}
