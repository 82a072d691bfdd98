/** The words of `backfill`: its own command, and what acts on one. */

import { collect } from './definition-flags.ts';
import { shared } from './shared-flags.ts';

import type { Command } from 'commander';
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

  const control = async () => import('./commands/backfill-control.ts');
  const status = backfill
    .command('status')
    .description('show every partition of a backfill')
    .argument('[backfill-id]', 'the backfill; default: the newest')
    .action(action(async () => (await control()).backfillStatusCommand, 'no steps'));
  shared(status, ['state']);

  const list = backfill
    .command('list')
    .description('list the backfills of a state folder')
    .action(action(async () => (await control()).backfillListCommand, 'no steps'));
  shared(list, ['state']);

  const pause = backfill
    .command('pause')
    .description('begin nothing more of a backfill; what runs is finished')
    .argument('[backfill-id]', 'the backfill; default: the newest')
    .action(action(async () => (await control()).backfillPauseCommand, 'no steps'));
  shared(pause, ['state', 'engine']);

  const resume = backfill
    .command('resume')
    .description(
      'go on with a backfill that was paused or left; of one that is over, with the rest',
    )
    .argument('[backfill-id]', 'the backfill; default: the newest')
    .action(action(async () => (await control()).backfillResumeCommand, 'steps'));
  shared(resume, ['state', 'store', 'engine', 'steps', 'last scrape']);

  const cancel = backfill
    .command('cancel')
    .description('cancel a backfill with all its runs')
    .argument('[backfill-id]', 'the backfill; default: the newest')
    .action(action(async () => (await control()).backfillCancelCommand, 'no steps'));
  shared(cancel, ['state', 'engine']);
}
