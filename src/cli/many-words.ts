/** The words of `backfill` and of `batch`: their own commands, and what acts on one. */

import { collect } from './definition-flags.ts';
import { shared } from './shared-flags.ts';

import type { Command } from 'commander';
import type { Many } from '../run/many/many-records.ts';
import type { ManyCommands } from './commands/many-control.ts';
import type { MakeAction } from './make-action.ts';

/** Adds them. */
export function addBackfill(program: Command, action: MakeAction): void {
  const backfill = program
    .command('backfill')
    .description('make the partitions of a range as one thing, so many at once')
    .option('--job <file>', 'job file (what)')
    .option('--profile <name>', 'profile name or file (how); default: the one the job names')
    .option('-p, --param <name=value>', 'set a parameter of the job; may be repeated', collect)
    .option('--out <dir>', 'folder that receives the partitions')
    .option('--from <id>', 'first partition; default: the first of the job')
    .option('--to <id>', 'last partition; default: the latest that is over')
    .option('--missing', 'those that are not delivered')
    .option('--failed', 'those whose last run did not end well (default: missing and failed)')
    .option('--stale', 'those that would come out differently now')
    .option('--all', 'all of them; what is unchanged is reused')
    .option('--at-most <n>', 'runs that go on at once (default: 4)')
    .option('--dry-run', 'list the partitions that would be made, and start nothing')
    .option('--deliver-by <who>', 'with a service: caller (default), or workers that run --deliver')
    .action(action(async () => (await import('./commands/backfill.ts')).backfillCommand, 'steps'));
  shared(backfill, ['state', 'store', 'engine', 'steps', 'last scrape']);
  addControls(backfill, 'backfill', action);
}

/** Adds them. */
export function addBatch(program: Command, action: MakeAction): void {
  const batch = program
    .command('batch')
    .description('make many jobs as one thing, so many at once')
    .option('--job <files...>', 'job files or globs (default: all jobs of the project)')
    .option('--profile <name>', 'profile of all of them (default: the one that each job names)')
    .option('-p, --param <name=value>', 'set a parameter of all jobs; may be repeated', collect)
    .option('--out <dir>', "folder of a folder for each job (default: each job's own out/<job>)")
    .option(
      '--partition <id>',
      'of jobs that are cut: an id, latest (default), previous, missing or all; may be repeated',
      collect,
    )
    .option('--at-most <n>', 'runs that go on at once (default: 4)')
    .option('--dry-run', 'list the runs that would be made, and start nothing')
    .option('--deliver-by <who>', 'with a service: caller (default), or workers that run --deliver')
    .action(action(async () => (await import('./commands/batch.ts')).batchCommand, 'steps'));
  shared(batch, ['state', 'store', 'engine', 'steps', 'last scrape']);
  addControls(batch, 'batch', action);
}

function addControls(parent: Command, what: Many, action: MakeAction): void {
  const of = (verb: keyof ManyCommands) => async () =>
    (await import('./commands/many-control.ts')).commandsOf(what)[verb];
  const each = what === 'batch' ? 'run' : 'partition';
  const plural = what === 'batch' ? 'batches' : 'backfills';
  const id = [`[${what}-id]`, `the ${what}; default: the newest`] as const;

  const status = parent
    .command('status')
    .description(`show every ${each} of a ${what}`)
    .argument(...id)
    .action(action(of('status'), 'no steps'));
  shared(status, ['state']);

  const list = parent
    .command('list')
    .description(`list the ${plural} of a state folder`)
    .action(action(of('list'), 'no steps'));
  shared(list, ['state']);

  const pause = parent
    .command('pause')
    .description(`begin nothing more of a ${what}; what runs is finished`)
    .argument(...id)
    .action(action(of('pause'), 'no steps'));
  shared(pause, ['state', 'engine']);

  const resume = parent
    .command('resume')
    .description(`go on with a ${what} that was paused or left; of one that is over, with the rest`)
    .argument(...id)
    .action(action(of('resume'), 'steps'));
  shared(resume, ['state', 'store', 'engine', 'steps', 'last scrape']);

  const cancel = parent
    .command('cancel')
    .description(`cancel a ${what} with all its runs`)
    .argument(...id)
    .action(action(of('cancel'), 'no steps'));
  shared(cancel, ['state', 'engine']);
}
