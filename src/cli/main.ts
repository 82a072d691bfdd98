/** Entry of the CLI: words to commands. The only file that reads process.env and process.argv. Commands are imported when called. */

import { Command, CommanderError, Option } from 'commander';

import { makeIo } from './io.ts';
import { report } from './report.ts';
import { settingsFrom } from './settings.ts';

import type { GlobalFlags, Settings } from './settings.ts';
import type { Io } from './io.ts';

type Run<Flags> = (flags: Flags, settings: Settings, io: Io, argument?: string) => Promise<number>;

/** Parses the words, runs the command, and answers the exit code. */
export async function main(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const io = makeIo(process.stdout, process.stderr, env, process.cwd());
  let code = 0;
  const action =
    <Flags extends GlobalFlags>(load: () => Promise<Run<Flags>>, runs: 'steps' | 'no steps') =>
    async (...given: unknown[]): Promise<void> => {
      const called = given.at(-1) as Command;
      const argument = given.length > 2 ? (given[0] as string | undefined) : undefined;
      const flags = called.optsWithGlobals<Flags>();
      try {
        const settings = settingsFrom(flags, env, io.cwd);
        const run = await load();
        const act = async (): Promise<number> => run(flags, settings, io, argument);
        const bare = runs === 'steps' || settings.prometheusPort === 0;
        code = await (bare ? act() : withMetrics(settings, io, act));
      } catch (error) {
        code = report(error, { json: flags.json ?? false, verbose: flags.verbose ?? false }, io);
      }
    };

  const program = makeProgram(action);
  program.exitOverride().configureOutput({
    writeOut: (text) => io.out(text.trimEnd()),
    writeErr: (text) => io.say(text.trimEnd()),
  });
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return code;
}

/** Serves metrics while a command that runs no steps lives. */
async function withMetrics(
  settings: Settings,
  io: Io,
  act: () => Promise<number>,
): Promise<number> {
  const { serveWhile } = await import('../metrics/serve-while.ts');
  const { whereToServe } = await import('./run/where-to-serve.ts');
  return serveWhile(await whereToServe(settings, io), act);
}

type MakeAction = <Flags extends GlobalFlags>(
  load: () => Promise<Run<Flags>>,
  /** One that runs steps opens the metrics itself, in its own order. */
  runs: 'steps' | 'no steps',
) => (...given: unknown[]) => Promise<void>;

function makeProgram(action: MakeAction): Command {
  const program = new Command('builder_cli')
    .description('Durable data pipelines from two YAML files: a job says what, a profile says how.')
    .helpCommand(false)
    .showHelpAfterError('(see builder_cli --help)')
    .showSuggestionAfterError();

  definitionFlags(
    command(program, 'run-profile', 'run a job with a profile to the end, and deliver'),
  )
    .requiredOption('--out <dir>', 'folder that receives the dataset')
    .option('--dry-run', 'show what would run, and start nothing')
    .action(
      action(async () => (await import('./commands/run-profile.ts')).runProfileCommand, 'steps'),
    );

  command(program, 'resume', 'go on after a crash, a failure or a cancel; finished steps are kept')
    .argument('[run-id]', 'the run to go on with')
    .option('--out <dir>', 'the --out of the run to go on with')
    .action(action(async () => (await import('./commands/resume.ts')).resumeCommand, 'steps'));

  definitionFlags(command(program, 'validate', 'check both files and report every problem')).action(
    action(async () => (await import('./commands/validate.ts')).validateCommand, 'no steps'),
  );

  definitionFlags(
    command(program, 'explain', 'show the plan: what would run, what would be reused, and why'),
  )
    .option('--out <dir>', 'folder that would receive the dataset')
    .action(action(async () => (await import('./commands/explain.ts')).explainCommand, 'no steps'));

  command(program, 'runs', 'list the runs of a state folder')
    .option('--limit <n>', 'most runs to show', '20')
    .action(action(async () => (await import('./commands/runs.ts')).runsCommand, 'no steps'));

  command(program, 'status', 'show one run')
    .argument('[run-id]', 'the run; default: the newest')
    .option('--out <dir>', 'the --out of the run')
    .action(action(async () => (await import('./commands/status.ts')).statusCommand, 'no steps'));

  command(program, 'logs', 'print the log of a step, or of all steps of a run')
    .argument('[run-id]', 'the run; default: the newest')
    .option('--out <dir>', 'the --out of the run')
    .option('--step <id>', 'only this step')
    .action(action(async () => (await import('./commands/logs.ts')).logsCommand, 'no steps'));

  command(program, 'cancel', 'cancel a run that is going on')
    .argument('[run-id]', 'the run; default: the newest that is open')
    .option('--out <dir>', 'the --out of the run')
    .action(action(async () => (await import('./commands/cancel.ts')).cancelCommand, 'no steps'));

  command(program, 'worker', 'serve the steps of a Temporal service until told to stop')
    .option('--slots <n>', 'steps that run at once on this worker')
    .action(action(async () => (await import('./commands/worker.ts')).workerCommand, 'steps'));

  command(program, 'dev', 'keep the embedded engine and its UI up, with a worker beside it')
    .option('--slots <n>', 'steps that run at once on this worker')
    .action(action(async () => (await import('./commands/dev.ts')).devCommand, 'steps'));

  return program;
}

function definitionFlags(target: Command): Command {
  return target
    .requiredOption('--job <file>', 'job file (what)')
    .option('--profile <name>', 'profile name or file (how); default: the one the job names')
    .option('-p, --param <name=value>', 'set a parameter of the job; may be repeated', collect, []);
}

/** A command with the flags every command takes. */
function command(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--prometheus-port <n>', 'serve metrics on this port; 0 or absent: off')
    .option('--prometheus-address <addr>', 'address to serve metrics on (default: 0.0.0.0)')
    .option('--json', 'print one JSON document and nothing else on stdout')
    .option('--verbose', 'say more, with stacks of unexpected errors')
    .option('--state-dir <dir>', 'state folder (default: .builder beside the project root)')
    .option('--store <dir>', 'store of artifacts and results (default: inside the state folder)')
    .option('--secrets-dir <dir>', 'folder with one file per secret')
    .option('--temporal-address <host:port>', 'a Temporal service instead of the embedded engine')
    .option('--temporal-profile <name>', 'a profile of the Temporal client configuration')
    .option('--namespace <name>', 'Temporal namespace (default: default)')
    .option(
      '--task-queue <name>',
      'task queue shared by the workers of a service (default: builder)',
    )
    .addOption(
      new Option('--temporal-binary <path>', 'server binary of the embedded engine').hideHelp(),
    )
    .option('--sql-threads <n>', 'threads of each query (default: the number of processors)')
    .option('--linger <auto|seconds>', 'wait for a last scrape before leaving (default: auto)')
    .option('--wait-for-scrape <seconds>', 'wait so long for a first scrape before the first step')
    .option('--metrics-file <file>', 'write metrics to this .prom file, for a text-file collector')
    .option('--prometheus-web-config <file>', 'TLS and passwords of the metrics port');
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

process.exitCode = await main(process.argv.slice(2), process.env);
