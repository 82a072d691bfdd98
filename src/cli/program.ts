/** Words to commands. Commands are imported when called, so that help is instant. */

import { Command, CommanderError, Option } from 'commander';

import { checkFlags } from './check-flags.ts';
import { makeIo } from './io.ts';
import { report } from './report.ts';
import { addBackfill, addBatch } from './many-words.ts';
import { addSchedule } from './schedule-words.ts';
import { collect, definitionFlags } from './definition-flags.ts';
import { didYouMean } from '../model/suggest.ts';
import { readVersion } from '../run/versions.ts';
import { shared } from './shared-flags.ts';
import { settingsFrom } from './settings.ts';

import type { GlobalFlags, Settings } from './settings.ts';
import type { MakeAction, Run } from './make-action.ts';
import type { Io } from './io.ts';

/** Parses the words, runs the command, and answers the exit code. */
export async function runCommand(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const io = makeIo(process.stdout, process.stderr, env, process.cwd());
  let code = 0;
  const action =
    <Flags extends GlobalFlags>(load: () => Promise<Run<Flags>>, runs: 'steps' | 'no steps') =>
    async (...given: unknown[]): Promise<void> => {
      const called = given.at(-1) as Command;
      const [argument] = given.length > 2 ? called.args : [];
      const flags = called.optsWithGlobals<Flags>();
      try {
        checkFlags(flags, argument, io.cwd);
        const settings = settingsFrom(flags, env, io.cwd);
        const run = await load();
        const act = async (): Promise<number> => run(flags, settings, io, argument, called.args);
        const bare = runs === 'steps' || settings.prometheusPort === 0;
        code = await (bare ? act() : withMetrics(settings, io, act));
      } catch (error) {
        code = report(
          error,
          { json: flags.json ?? words.includes('--json'), verbose: flags.verbose ?? false },
          io,
        );
      }
    };

  const program = makeProgram(action, io);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    const message = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
    if (words.includes('--json')) {
      io.out(JSON.stringify({ error: { code: 'BAD_USAGE', message } }, null, 2));
    }
    return 2;
  }
  return code;
}

/** Serves metrics while a command that runs no steps lives. */
async function withMetrics(
  settings: Settings,
  io: Io,
  act: () => Promise<number>,
): Promise<number> {
  const { serveMetricsWhile } = await import('../run/where-to-serve.ts');
  const { metricsChoice } = await import('./project-options.ts');
  return serveMetricsWhile(metricsChoice(settings), (line) => io.say(line), act);
}

/** Help of the command that the words name. @throws CommanderError */
function showHelp(program: Command, words: readonly string[]): void {
  let here = program;
  for (const word of words) {
    const found = here.commands.find((each) => each.name() === word);
    const names = here.commands.map((each) => each.name()).filter((name) => name !== 'help');
    const hint = didYouMean(word, names);
    if (found === undefined)
      here.error(`error: unknown command '${word}'${hint === undefined ? '' : `. ${hint}`}`);
    else here = found;
  }
  here.help();
}

function makeProgram(action: MakeAction, io: Io): Command {
  const program = new Command('builder_cli')
    .description('Durable data pipelines from two YAML files: a job says what, a profile says how.')
    .version(readVersion(), '--version', 'print the version')
    .helpCommand(false)
    .showHelpAfterError('(see builder_cli --help)')
    .showSuggestionAfterError()
    // Before the commands are made: they take over what the program is told until then.
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.say(text.trimEnd()),
    });

  const runProfile = definitionFlags(program.command('run-profile'))
    .description('run a job with a profile to the end, and deliver')
    .requiredOption('--out <dir>', 'folder that receives the dataset')
    .option(
      '--partition <id>',
      'partition to make: its id, latest (default), or missing; may be repeated',
      collect,
    )
    .option('--dry-run', 'show what would run, and start nothing')
    .option('--deliver-by <who>', 'with a service: caller (default), or workers that run --deliver')
    .option('--detach', 'with a service: leave once it is begun; workers that run --deliver end it')
    .action(
      action(async () => (await import('./commands/run-profile.ts')).runProfileCommand, 'steps'),
    );
  shared(runProfile, ['state', 'store', 'engine', 'steps', 'last scrape']);

  const runStep = definitionFlags(program.command('run-step'))
    .description('run one step with what it needs, into <out>.steps/<step>; no delivery is touched')
    .requiredOption('--step <id>', 'the step')
    .option('--downstream', 'with everything that needs it, and what that needs')
    .option('--force', 'execute it though its result is known; what it needs is reused')
    .option('--out <dir>', 'the folder of the job (default: that of its schedule, or out/<job>)')
    .option('--partition <id>', 'partition whose step it is: its id, or latest (default)')
    .option('--dry-run', 'show what would run, and start nothing')
    .option('--deliver-by <who>', 'with a service: caller (default), or workers that run --deliver')
    .action(action(async () => (await import('./commands/run-step.ts')).runStepCommand, 'steps'));
  shared(runStep, ['state', 'store', 'engine', 'steps', 'last scrape']);

  const resume = program
    .command('resume')
    .description('go on after a crash, a failure or a cancel; finished steps are kept')
    .argument('[run-id]', 'the run to go on with')
    .option('--out <dir>', 'the --out of the run to go on with')
    .option('--deliver-by <who>', 'with a service: caller (default), or workers that run --deliver')
    .option('--detach', 'with a service: leave once it is begun; workers that run --deliver end it')
    .action(action(async () => (await import('./commands/resume.ts')).resumeCommand, 'steps'));
  shared(resume, ['state', 'store', 'engine', 'steps', 'last scrape']);

  const validate = program
    .command('validate')
    .description('check the files of a job, or of all jobs of the project: every problem at once')
    .option('--job <file>', 'job file (what); default: builder.yaml and all jobs of the project')
    .option('--profile <name>', 'profile name or file (how); default: the one the job names')
    .option('-p, --param <name=value>', 'set a parameter of the job; may be repeated', collect)
    .option('--partition <id>', 'partition that is looked at; default: the latest')
    .action(
      action(async () => (await import('./commands/validate.ts')).validateCommand, 'no steps'),
    );
  shared(validate, []);

  const schema = program
    .command('schema')
    .description('print the JSON Schema of a file, or the types inferred for tables')
    .argument('[file]', 'job, profile or builder (default: profile)')
    .option('--columns', 'print the columns of tables from outside, to be written into the profile')
    .option('--job <file>', 'the job whose tables are looked at')
    .option('--profile <name>', 'the profile; default: the one the job names')
    .option('-p, --param <name=value>', 'set a parameter of the job; may be repeated', collect)
    .option('--step <id>', 'only this step')
    .action(action(async () => (await import('./commands/schema.ts')).schemaCommand, 'no steps'));
  shared(schema, ['state', 'store']);

  const explain = definitionFlags(program.command('explain'))
    .description('show the plan: what would run, what would be reused, and why')
    .option('--out <dir>', 'folder that would receive the dataset')
    .option('--partition <id>', 'partition that is looked at; default: the latest')
    .action(action(async () => (await import('./commands/explain.ts')).explainCommand, 'no steps'));
  shared(explain, ['state', 'store']);

  const partitions = definitionFlags(program.command('partitions'))
    .description('show what there is of each partition of a job, and what is stale')
    .requiredOption('--out <dir>', 'folder that holds the partitions')
    .option('--no-stale', 'leave out what would come out differently now, which reads inputs')
    .action(
      action(async () => (await import('./commands/partitions.ts')).partitionsCommand, 'no steps'),
    );
  shared(partitions, ['state', 'store']);

  addBatch(program, action);
  addBackfill(program, action);

  const runs = program
    .command('runs')
    .description('list the runs of a state folder')
    .option('--job <name>', 'those of this job')
    .option('--profile <name>', 'those of this profile')
    .option('--partition <id>', 'those of this partition')
    .option('--status <status>', 'those that ended so, or are so; may be repeated', collect)
    .option('--limit <n>', 'most runs to show', '20')
    .action(action(async () => (await import('./commands/runs.ts')).runsCommand, 'no steps'));
  shared(runs, ['state']);

  const status = program
    .command('status')
    .description('show one run')
    .argument('[run-id]', 'the run; default: the newest')
    .option('--out <dir>', 'the --out of the run')
    .action(action(async () => (await import('./commands/status.ts')).statusCommand, 'no steps'));
  shared(status, ['state']);

  const logs = program
    .command('logs')
    .description('print the log of a step, or of all steps of a run')
    .argument('[run-id]', 'the run; default: the newest')
    .option('--out <dir>', 'the --out of the run')
    .option('--step <id>', 'only this step')
    .action(action(async () => (await import('./commands/logs.ts')).logsCommand, 'no steps'));
  shared(logs, ['state']);

  const cancel = program
    .command('cancel')
    .description('cancel a run that is going on')
    .argument('[run-id]', 'the run; default: the newest that is open')
    .option('--out <dir>', 'the --out of the run')
    .action(action(async () => (await import('./commands/cancel.ts')).cancelCommand, 'no steps'));
  shared(cancel, ['state', 'engine']);

  const giveUp = program
    .command('give-up')
    .description('end a run that was left open and that nobody will resume')
    .argument('[run-id]', 'the run; default: the newest that is open')
    .option('--out <dir>', 'the --out of the run')
    .action(action(async () => (await import('./commands/give-up.ts')).giveUpCommand, 'no steps'));
  shared(giveUp, ['state', 'store', 'engine']);

  const forget = program
    .command('forget')
    .description('end the metrics and alerts of a job that is gone; its runs stay on record')
    .argument('<job>', 'the name of the job')
    .action(action(async () => (await import('./commands/forget.ts')).forgetCommand, 'no steps'));
  shared(forget, ['state', 'store']);

  const prune = program
    .command('prune')
    .description('remove what nothing needs: old runs, logs, results, leftovers, engine database')
    .option('--older-than <age>', 'only what is older goes, such as 30d')
    .option('--keep-runs <n>', 'so many of the newest runs of each job and profile stay')
    .option('--max-size <size>', 'the oldest go until state folder and store fit, such as 20GB')
    .option('--dry-run', 'show what would go, and remove nothing')
    .action(action(async () => (await import('./commands/prune.ts')).pruneCommand, 'no steps'));
  shared(prune, ['state', 'store']);

  const worker = program
    .command('worker')
    .description('serve the steps of a Temporal service until told to stop')
    .option('--slots <n>', 'steps that run at once on this worker')
    .option('--deliver', 'deliver, too: each --out is the same folder here, under the same path')
    .option('--deployment <name>', 'be a version of this Temporal worker deployment')
    .option('--build-id <id>', 'the id of that version (default: of its workflow code)')
    .action(action(async () => (await import('./commands/worker.ts')).workerCommand, 'steps'));
  shared(worker, ['state', 'store', 'engine', 'steps']);

  for (const [name, description] of [
    [
      'serve',
      "keep the engine up, make the jobs' scheduled runs, serve metrics; until told to stop",
    ],
    ['dev', 'another word for serve, with a log for people'],
  ] as const) {
    const serve = program
      .command(name)
      .description(description)
      .option('--slots <n>', 'steps that run at once on this worker')
      .option('--no-schedules', 'leave the schedules of the project as they are in Temporal')
      .addOption(
        new Option('--log <form>', 'text for people, or json lines').choices(['text', 'json']),
      )
      .action(
        action(async () => {
          const { serveCommand, devCommand } = await import('./commands/serve.ts');
          return name === 'serve' ? serveCommand : devCommand;
        }, 'steps'),
      );
    shared(serve, ['state', 'store', 'engine', 'steps']);
  }

  addSchedule(program, action);
  program
    .command('help', { hidden: true })
    .argument('[command...]')
    .addOption(new Option('--json').hideHelp())
    .action((words: readonly string[]) => showHelp(program, words));
  return program;
}
