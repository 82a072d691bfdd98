/** `run-profile`: checks the files, takes `--out`, and runs the plan to its end; of a job that is cut, one run a partition. */

import { join } from 'node:path';

import { UserError } from '../../index.ts';
import { serveMetricsWhile } from '../../run/where-to-serve.ts';
import { placeOf } from '../place.ts';
import { metricsChoice } from '../project-options.ts';
import { runAndShow } from '../run-command.ts';
import { runPartitions } from '../run-partitions.ts';
import { requestOf } from '../definition-flags.ts';

import type { Settings } from '../settings.ts';
import type { Io } from '../io.ts';
import type { DefinitionFlags } from '../definition-flags.ts';

export type RunProfileFlags = Omit<DefinitionFlags, 'partition'> & {
  readonly out: string;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
  /** Ids, `latest`, `missing`. */
  readonly partition?: readonly string[];
};

/** Runs a job with a profile. Answers the exit code. @throws UserError */
export async function runProfileCommand(
  { partition: words, ...flags }: RunProfileFlags,
  settings: Settings,
  io: Io,
): Promise<number> {
  const { choosePartitions } = await import('../../run/many/partitions.ts');
  const request = { ...requestOf(flags), out: flags.out };
  const chosen = await choosePartitions(request, words ?? [], { cwd: io.cwd });
  if (flags.dryRun === true) {
    if (chosen.length > 1) {
      throw new UserError('BAD_USAGE', '--dry-run shows one partition', {
        hint: '`builder_cli partitions` shows which of them are stale.',
      });
    }
    const [partition] = chosen;
    const one = partition === undefined ? flags : { ...flags, partition };
    const { explainCommand } = await import('./explain.ts');
    const say = (line: string): void => io.say(line);
    return serveMetricsWhile(metricsChoice(settings), say, () => explainCommand(one, settings, io));
  }
  const { project: _, ...place } = placeOf(settings, io.cwd, flags.job);
  const about = { ...place, io };
  const detached = flags.detach === true ? { detach: true } : {};
  if (words !== undefined && chosen.length !== 1) {
    return runPartitions(
      about,
      flags.out,
      chosen.map((partition) => ({
        partition,
        work: (project, options) =>
          project.run({ ...request, partition }, { ...options, ...detached }),
      })),
    );
  }
  const [partition] = chosen;
  return runAndShow({
    ...about,
    shownOut: partition === undefined ? flags.out : join(flags.out, partition),
    work: (project, options) =>
      project.run(partition === undefined ? request : { ...request, partition }, {
        ...options,
        ...detached,
      }),
  });
}
