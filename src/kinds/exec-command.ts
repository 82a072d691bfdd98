/** `exec.command`: runs a program in the attempt folder; inputs are paths, results are files it writes. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { MAX_OUTPUTS } from '../model/step-result.ts';
import { collectOutputs, collectValues } from './command/collect-outputs.ts';
import { readOutputs } from './command/read-outputs.ts';
import { commandEnvironment, RESERVED_PREFIX } from './command/environment.ts';
import { judgeExit, MEANINGS } from './command/exit-code.ts';
import { whyNotFound } from './command/find-program.ts';
import { makeOutputLog } from './command/output-log.ts';
import { placeFiles, sameName } from './command/place-files.ts';
import { runProcess } from './command/run-process.ts';
import { ENGINE_VERSION } from '../duckdb/session.ts';
import { readingFields } from './reading-options.ts';
import { refuseClashes } from './reading-clashes.ts';
import { changedTypes } from './types-changed.ts';
import { plainText, runtime, secretText } from './option-types.ts';
import { declaredColumns } from './declared-columns.ts';
import { defineStep } from './contract.ts';
import { StepError } from '../model/step-error.ts';

import type { DeclaredOutput } from './command/collect-outputs.ts';
import type { Meaning } from './command/exit-code.ts';

type Options = {
  readonly command?: readonly unknown[];
  readonly shell?: string;
  readonly files?: readonly string[];
  readonly env?: Readonly<Record<string, unknown>>;
  readonly pass_env?: readonly string[];
  readonly outputs?: Readonly<Record<string, DeclaredOutput>>;
  readonly values?: string;
  readonly exit_codes?: Readonly<Record<string, Meaning>>;
};

/** Folder for TMPDIR, in the working folder so that it goes away with it. */
const TEMPORARY = 'tmp';

const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
  .refine((name) => !name.startsWith(RESERVED_PREFIX), {
    error: `names that begin with ${RESERVED_PREFIX} are set by the runner`,
  });
const ownPath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith('/') && !path.split('/').includes('..'), {
    error: 'expected a path inside the working folder of the step',
  });
const output = z
  .strictObject({
    path: ownPath,
    format: z.enum(['parquet', 'csv', 'json', 'jsonl', 'file', 'tree']).optional(),
    ...readingFields,
  })
  .superRefine(refuseClashes);

const schema = z
  .strictObject({
    command: z
      .array(runtime(plainText()))
      .min(1)
      .optional()
      .describe('Program and arguments, no shell in between.'),
    shell: z
      .string({ error: 'expected a script; what an earlier step gives enters through `env`' })
      .regex(/\S/, 'a script must not be empty')
      .optional()
      .describe('A script for `sh -eu`: it ends at the first command that fails.'),
    files: z
      .array(z.string().min(1))
      .optional()
      .describe(
        'Script and data, copied into the working folder. With it the result can be reused.',
      ),
    env: z.record(variable, secretText()).optional(),
    pass_env: z
      .array(variable)
      .optional()
      .describe(
        "Variables taken over from the worker's environment; the result is then never reused.",
      ),
    outputs: z
      .record(z.string().regex(/^[a-z][a-z0-9_]{0,62}$/), output)
      .refine((all) => Object.keys(all).length <= MAX_OUTPUTS, {
        error: `at most ${MAX_OUTPUTS} outputs are allowed`,
      })
      .refine((all) => !overlap(Object.values(all).map(({ path }) => path)), {
        error: 'two outputs must not be the same file, nor one inside the other',
      })
      .optional(),
    values: ownPath.optional().describe('JSON file of scalars it writes.'),
    exit_codes: z
      .record(
        z
          .string()
          .regex(
            /^(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]|other)$/,
            "expected an exit code, 0 to 255, or 'other'",
          ),
        z.enum(MEANINGS),
      )
      .optional()
      .describe('Meaning of exit codes, `other` for those without a word; 0 is ok, others retry.'),
  })
  .refine((o) => (o.command === undefined) !== (o.shell === undefined), {
    error: 'give exactly one of `command` and `shell`',
  })
  .refine((o) => sameName(o.files ?? []) === undefined, {
    error: 'two files of the same name cannot be placed side by side',
    path: ['files'],
  });

export const execCommand = defineStep<Options>({
  kind: 'exec.command',
  version: `4 ${ENGINE_VERSION}`,
  summary: 'Runs a program; inputs are paths, results are files it writes.',
  schema,
  roles: {
    secrets: ['env.*'],
    texts: ['command.*', 'env.*'],
    types: [
      'outputs.*.columns.*',
      'outputs.*.columns.*.type',
      'outputs.*.types.*',
      'outputs.*.types.*.type',
    ],
    paths: ['files.*'],
  },
  outputs: (options) => Object.keys(options.outputs ?? {}),
  values: ({ values }) => (values === undefined ? [] : undefined),
  columns: ({ outputs = {} }) =>
    Object.fromEntries(
      Object.entries(outputs).map(([name, each]) => [name, declaredColumns(each as object)]),
    ),
  sources: (options) => options.files ?? [],
  pathsOfInputs: true,
  columnsAt: (name) => ['outputs', name, 'columns'],
  reusable: (options) => (options.files ?? []).length > 0 && (options.pass_env ?? []).length === 0,
  run: async (options, ctx) => {
    for (const { run, step, pid } of await ctx.fence.endLeftovers()) {
      ctx.log(
        `ended process group ${pid}, left by step ${step} of run ${run} whose worker is gone`,
      );
    }
    const placed = await placeFiles(ctx, [TEMPORARY, 'sources']);
    const temporary = join(ctx.folder, TEMPORARY);
    await mkdir(temporary, { recursive: true });
    const env = commandEnvironment(ctx, {
      passed: options.pass_env ?? [],
      set: options.env ?? {},
      temporary,
    });
    const argv = options.command?.map(String) ?? ['/bin/sh', '-euc', options.shell ?? ''];
    const program = argv[0] ?? '';
    const missing = whyNotFound(program, ctx.folder, env['PATH'] ?? '');
    if (missing !== undefined) throw new StepError('COMMAND_FAILED', ctx.redact(missing));

    const printed = makeOutputLog(ctx);
    const ended = await runProcess({
      argv,
      cwd: ctx.folder,
      env,
      signal: ctx.signal,
      out: printed.out,
      err: printed.err,
      onStart: (group) => ctx.fence.record(group),
    });
    ctx.signal.throwIfAborted();
    const left = leftRunning(ended.leftBehind);
    if (left !== undefined) ctx.log(left);
    const judged = judgeExit(ended, {
      name: options.command === undefined ? 'the script' : program,
      meanings: options.exit_codes ?? {},
      stderr: printed.tail(),
    });
    const given = [...placed, TEMPORARY];
    const declared = options.outputs ?? {};
    const outputs = await readOutputs(
      await collectOutputs(declared, ctx.folder, given),
      declared,
      ctx,
    );
    const values =
      options.values === undefined ? {} : await collectValues(options.values, ctx.folder, given);
    if (ctx.redact(JSON.stringify(values)) !== JSON.stringify(values)) {
      throw new StepError(
        'SECRET_NOT_ALLOWED',
        `${options.values} holds a secret; values are shown and kept in the history of the run`,
      );
    }
    const warnings = [judged, left].filter((each) => each !== undefined);
    return { outputs, values, ...(warnings.length === 0 ? {} : { warning: warnings.join('; ') }) };
  },
  conditions: async (options, { columns = {} }, ctx) => {
    const warnings: string[] = [];
    for (const [name, table] of Object.entries(options.outputs ?? {})) {
      const said = await changedTypes(table, name, columns[name] ?? [], ctx);
      if (said !== undefined) warnings.push(`${name}: ${said}`);
    }
    return warnings.length === 0 ? undefined : { warning: warnings.join('; ') };
  },
});

/** What was ended may have been in the middle of writing an output, so it is more than a line of the log. */
function leftRunning(count: number): string | undefined {
  if (count === 0) return undefined;
  const what = count === 1 ? 'a process' : `${count} processes`;
  return `the command had left ${what} running, which had to be ended; what it writes may be half (use \`wait\`)`;
}

/** True if one path is another, or lies below it. */
function overlap(paths: readonly string[]): boolean {
  const clean = paths.map((path) => path.split('/').filter((part) => part !== '' && part !== '.'));
  return clean.some((a, i) => clean.some((b, j) => i !== j && a.every((part, k) => part === b[k])));
}
