/** How the words of a command line become a call. Pure types. */

import type { Io } from './io.ts';
import type { GlobalFlags, Settings } from './settings.ts';

/** A command: answers its exit code. */
export type Run<Flags> = (
  flags: Flags,
  settings: Settings,
  io: Io,
  /** The first word that is no flag, and all of them. */
  argument?: string,
  all?: readonly string[],
) => Promise<number>;

/** Makes what the parser calls for a command, which is loaded only then. */
export type MakeAction = <Flags extends GlobalFlags>(
  load: () => Promise<Run<Flags>>,
  /** One that runs steps opens the metrics itself, in its own order. */
  runs: 'steps' | 'no steps',
) => (...given: unknown[]) => Promise<void>;
