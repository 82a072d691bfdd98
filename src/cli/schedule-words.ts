/** The words of `schedule`: one command for each thing that is done with schedules. */

import { shared } from './shared-flags.ts';

import type { Command } from 'commander';
import type { MakeAction } from './make-action.ts';

/** Adds them. */
export function addSchedule(program: Command, action: MakeAction): void {
  const schedule = program
    .command('schedule')
    .description("the jobs' schedules in Temporal: apply, list, pause, resume, trigger")
    .helpCommand(false)
    .showSuggestionAfterError();
  const commands = [
    schedule
      .command('apply')
      .description('make, change and remove schedules until they are as the job files say')
      .option('--job <file...>', 'only those of these files; nothing else is removed')
      .option('--dry-run', 'show the difference, and change nothing')
      .action(
        action(async () => (await import('./commands/schedule.ts')).applyCommand, 'no steps'),
      ),
    schedule
      .command('list')
      .description('show when each job is due, and what became of its last run')
      .action(action(async () => (await import('./commands/schedule.ts')).listCommand, 'no steps')),
    schedule
      .command('pause')
      .description('keep jobs from being made by themselves')
      .argument('<job...>', 'names of jobs')
      .option('--note <text>', 'why, for `schedule list`')
      .action(
        action(async () => (await import('./commands/schedule.ts')).pauseCommand, 'no steps'),
      ),
    schedule
      .command('resume')
      .description('let paused jobs be made by themselves again')
      .argument('<job...>', 'names of jobs')
      .action(
        action(async () => (await import('./commands/schedule.ts')).resumeCommand, 'no steps'),
      ),
    schedule
      .command('trigger')
      .description('have the scheduled run of a job made now')
      .argument('<job...>', 'names of jobs')
      .action(
        action(async () => (await import('./commands/schedule.ts')).triggerCommand, 'no steps'),
      ),
  ];
  for (const command of commands) shared(command, ['state', 'store', 'engine']);
}
