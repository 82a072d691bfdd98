/** The flags that every command takes. Help shows them after a command's own, and only where they mean something. */

import { Option } from 'commander';

import type { Command } from 'commander';

/** What a command does beyond reading its words, as far as flags are about it. */
export type Concern =
  /** It reads or writes the state folder. */
  | 'state'
  /** It looks up artifacts and results. */
  | 'store'
  /** It talks to a Temporal server. */
  | 'engine'
  /** It executes steps. */
  | 'steps'
  /** It may be gone before somebody has scraped it. */
  | 'last scrape';

type Flag = readonly [flags: string, description: string, concern: Concern | 'all' | 'nobody'];

const FLAGS: readonly Flag[] = [
  ['--state-dir <dir>', 'state folder (default: .builder beside the project of the job)', 'state'],
  [
    '--store <place>',
    'store of artifacts and results: a folder, or s3://bucket/prefix (default: inside the state folder)',
    'store',
  ],
  ['--secrets-dir <dir>', 'folder with one file per secret', 'steps'],
  ['--sql-threads <n>', 'threads of each query (default: the number of processors)', 'steps'],
  ['--temporal-address <host:port>', 'a Temporal service instead of the embedded engine', 'engine'],
  ['--temporal-profile <name>', 'a profile of the Temporal client configuration', 'engine'],
  ['--namespace <name>', 'Temporal namespace (default: default)', 'engine'],
  [
    '--task-queue <name>',
    'task queue shared by the workers of a service (default: builder)',
    'engine',
  ],
  ['--temporal-binary <path>', 'server binary of the embedded engine', 'nobody'],
  [
    '--payload-key-file <file>',
    'encrypt what lies in Temporal with the keys in this file',
    'engine',
  ],
  ['--payload-key-command <command>', 'shell command that prints such keys', 'engine'],
  ['--clear-payloads', 'let everybody read what lies in the embedded engine', 'engine'],
  ['--prometheus-port <n>', 'serve metrics on this port; 0 or absent: off', 'all'],
  ['--prometheus-address <addr>', 'address to serve metrics on (default: 0.0.0.0)', 'all'],
  ['--prometheus-web-config <file>', 'TLS and passwords of the metrics port', 'all'],
  [
    '--linger <auto|seconds>',
    'wait for a last scrape before leaving (default: auto)',
    'last scrape',
  ],
  [
    '--wait-for-scrape <seconds>',
    'wait so long for a first scrape before the first step',
    'last scrape',
  ],
  [
    '--metrics-file <file>',
    'write metrics to this .prom file, for a text-file collector',
    'last scrape',
  ],
  ['--json', 'print one JSON document and nothing else on stdout', 'all'],
  ['--verbose', 'say more, with stacks of unexpected errors', 'all'],
];

/** Adds them all; those that are about nothing this command does are taken, but not shown. */
export function shared(command: Command, concerns: readonly Concern[]): void {
  command.optionsGroup('Shared options:');
  for (const [flags, description, concern] of FLAGS) {
    const option = new Option(flags, description);
    const isShown = concern === 'all' || concerns.some((one) => one === concern);
    command.addOption(isShown ? option : option.hideHelp());
  }
}
