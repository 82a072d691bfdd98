/** The environment of a command: a list of what is allowed, nothing of the worker's by itself. */

import { pathOf } from '../../model/nested.ts';
import { StepError } from '../../model/step-error.ts';

import type { StepContext } from '../contract.ts';

/** Where these come from is the runner's business, so no profile may set them. */
export const RESERVED_PREFIX = 'BUILDER_';

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * PATH and HOME of the worker, one locale and time zone for every machine, the variables in `passed`
 * that the worker has, those in `set`, where the inputs lie, and which run, step, attempt and trace this is.
 * @throws StepError BAD_OPTION where two inputs would have one name
 */
export function commandEnvironment(
  ctx: Pick<
    StepContext,
    'env' | 'folder' | 'inputs' | 'runId' | 'step' | 'attempt' | 'traceparent'
  >,
  {
    passed,
    set,
    temporary,
  }: {
    readonly passed: readonly string[];
    readonly set: Readonly<Record<string, unknown>>;
    /** Folder for TMPDIR. */
    readonly temporary: string;
  },
): Readonly<Record<string, string>> {
  const known = passed.filter((name) => ctx.env[name] !== undefined);
  return {
    PATH: ctx.env['PATH'] ?? DEFAULT_PATH,
    HOME: ctx.env['HOME'] ?? ctx.folder,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    TMPDIR: temporary,
    ...(ctx.traceparent === undefined ? {} : { TRACEPARENT: ctx.traceparent }),
    ...Object.fromEntries(known.map((name) => [name, ctx.env[name] ?? ''])),
    ...Object.fromEntries(Object.entries(set).map(([name, value]) => [name, String(value)])),
    ...inputVariables(ctx.inputs),
    BUILDER_RUN_ID: ctx.runId,
    BUILDER_STEP: ctx.step,
    BUILDER_ATTEMPT: String(ctx.attempt),
  };
}

/** `BUILDER_INPUT_<STEP>_<OUTPUT>`: where each output of each step it reads lies. */
function inputVariables(inputs: StepContext['inputs']): Readonly<Record<string, string>> {
  const paths: Record<string, string> = {};
  for (const [step, { outputs }] of Object.entries(inputs)) {
    // What an option names of a step around its profile has no name of its own here.
    if (pathOf(step) !== undefined) continue;
    for (const [output, { path }] of Object.entries(outputs)) {
      // The Parquet twin of a text is for queries; a command gets the text as it was written.
      if (output.includes('.')) continue;
      const name = `${RESERVED_PREFIX}INPUT_${step}_${output}`.toUpperCase();
      if (name in paths) {
        throw new StepError(
          'BAD_OPTION',
          `two inputs would both be ${name}, one of them ${step}.${output}; rename an output`,
        );
      }
      paths[name] = path;
    }
  }
  return paths;
}
