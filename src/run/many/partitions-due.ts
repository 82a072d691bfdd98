/** Which partitions a firing of a schedule makes, by the job file as it is now and the time it was due. */

import { DefinitionError } from '../definitions/definition-error.ts';
import { choosePartitions, readCut } from './partitions.ts';
import { UserError } from '../../model/errors.ts';

import type { Due, StandingOrder } from '../../model/standing-order.ts';
import type { ProjectOptions } from '../project-options.ts';

/**
 * Ids in the job's order; none where none is over yet. `asWhole`: that cannot be told, and the run that is made instead
 * says why.
 */
export async function partitionsDue(
  { cwd }: Pick<ProjectOptions, 'cwd'>,
  { order, atMs }: { readonly order: StandingOrder; readonly atMs: number },
): Promise<Due> {
  const { job, out, make = [] } = order;
  const at = { ...(cwd === undefined ? {} : { cwd }), atMs };
  try {
    const cut = await readCut({ job }, at, atMs);
    if (cut?.partitioning === undefined) return { partitions: [], asWhole: true };
    const ids = new Set<string>();
    for (const word of make) {
      for (const id of await chosen({ job, out }, word, at)) ids.add(id);
    }
    return { partitions: [...ids] };
  } catch (error) {
    if (error instanceof DefinitionError || error instanceof UserError) {
      return { partitions: [], asWhole: true };
    }
    throw error;
  }
}

/** The words that mean nothing yet mean none. */
async function chosen(
  request: { readonly job: string; readonly out: string },
  word: string,
  at: Parameters<typeof choosePartitions>[2],
): Promise<readonly string[]> {
  try {
    return await choosePartitions(request, [word], at);
  } catch (error) {
    const isWord = word === 'latest' || word === 'previous';
    if (isWord && error instanceof UserError && error.code === 'BAD_PARTITION') return [];
    throw error;
  }
}
