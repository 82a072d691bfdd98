/** The flags that say which job, with which profile and parameters, and what they ask for. */

import type { Command } from 'commander';
import type { GlobalFlags } from './settings.ts';

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

export type DefinitionFlags = GlobalFlags & {
  readonly job: string;
  readonly profile?: string;
  readonly param?: readonly string[];
  /** Id of a partition, or `latest`. */
  readonly partition?: string;
};

export type ValidateFlags = Omit<DefinitionFlags, 'job'> & { readonly job?: string };

/** The definition that flags name. */
export function requestOf({ job, profile, param = [], partition }: DefinitionFlags): {
  readonly job: string;
  readonly profile?: string;
  readonly params: readonly string[];
  readonly partition?: string;
} {
  return {
    job,
    ...(profile === undefined ? {} : { profile }),
    params: param,
    ...(partition === undefined ? {} : { partition }),
  };
}
