/** The flags that say which job, with which profile and parameters. */

import type { Command } from 'commander';

/** Adds them; the job must be given. */
export function definitionFlags(target: Command): Command {
  return target
    .requiredOption('--job <file>', 'job file (what)')
    .option('--profile <name>', 'profile name or file (how); default: the one the job names')
    .option('-p, --param <name=value>', 'set a parameter of the job; may be repeated', collect);
}

/** The values of a flag that may be repeated. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
