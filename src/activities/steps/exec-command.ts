/** `exec.command`: runs a program in the attempt folder; inputs are paths, results are files it writes. */

import { chmod, copyFile, mkdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join, relative, resolve } from 'node:path';

import { z } from 'zod';

import { MAX_OUTPUTS, MAX_VALUES } from '../../model/step-result.ts';
import { runProcess } from '../command/run-process.ts';
import { expandGlobs } from '../expand-globs.ts';
import { runtime, secretText } from '../option-types.ts';
import { defineStep, StepError } from '../step.ts';

import type { Scalar } from '../../model/plan.ts';
import type { Format } from '../../model/step-result.ts';
import type { Ended } from '../command/run-process.ts';
import type { StepContext, StepOutput } from '../step.ts';

const FORMATS = ['parquet', 'csv', 'json', 'jsonl', 'file', 'tree'] as const;
const MEANINGS = ['ok', 'warn', 'fail', 'retry'] as const;

type Options = {
  readonly command?: readonly string[];
  readonly shell?: string;
  readonly files?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly pass_env?: readonly string[];
  readonly outputs?: Readonly<Record<string, { readonly path: string; readonly format?: Format }>>;
  readonly values?: string;
  readonly exit_codes?: Readonly<Record<string, (typeof MEANINGS)[number]>>;
};

const TAIL_LINES = 20;
const MOST_LOG_CHARACTERS = 10_000_000;
const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable');
const ownPath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith('/') && !path.split('/').includes('..'), {
    error: 'expected a path inside the working folder of the step',
  });

const schema = z
  .strictObject({
    command: z
      .array(runtime(z.string()))
      .min(1)
      .optional()
      .describe('Program and arguments, no shell in between.'),
    shell: runtime(z.string().regex(/\S/)).optional().describe('A script for /bin/sh -eu.'),
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
      .record(
        z.string().regex(/^[a-z][a-z0-9_]{0,62}$/),
        z.strictObject({ path: ownPath, format: z.enum(FORMATS).optional() }),
      )
      .refine((all) => Object.keys(all).length <= MAX_OUTPUTS, {
        error: `at most ${MAX_OUTPUTS} outputs are allowed`,
      })
      .optional(),
    values: ownPath.optional().describe('JSON file of scalars it writes.'),
    exit_codes: z
      .record(
        z.string().regex(/^\d{1,3}$/, 'expected an exit code from 0 to 255'),
        z.enum(MEANINGS),
      )
      .optional()
      .describe('Meaning of exit codes; 0 is ok, others retry.'),
  })
  .refine((o) => (o.command === undefined) !== (o.shell === undefined), {
    error: 'give exactly one of `command` and `shell`',
  });

export const execCommand = defineStep<Options>({
  kind: 'exec.command',
  version: '1',
  summary: 'Runs a program; inputs are paths, results are files it writes.',
  schema,
  roles: { secrets: ['env.*'], paths: ['files.*'] },
  outputs: (options) => Object.keys(options.outputs ?? {}),
  sources: (options) => expandGlobs(options.files ?? []),
  reusable: (options) => (options.files ?? []).length > 0 && (options.pass_env ?? []).length === 0,
  run: async (options, ctx) => {
    await placeFiles(ctx);
    const tail: string[] = [];
    let logged = 0;
    const ended = await runProcess({
      argv: options.command ?? ['/bin/sh', '-euc', options.shell ?? ''],
      cwd: ctx.folder,
      env: await environmentOf(options, ctx),
      signal: ctx.signal,
      onLine: (stream, line) => {
        const shown = ctx.redact(line);
        if (stream === 'err') tail.push(shown);
        if (tail.length > TAIL_LINES) tail.shift();
        if (logged > MOST_LOG_CHARACTERS) return;
        logged += line.length;
        ctx.log(logged > MOST_LOG_CHARACTERS ? 'log: the rest is left out' : `${stream}: ${shown}`);
      },
    });
    ctx.signal.throwIfAborted();
    const warning = judge(options, ended, tail);
    const outputs = await outputsOf(options, ctx);
    const values = await valuesOf(options, ctx);
    return { outputs, values, ...(warning === undefined ? {} : { warning }) };
  },
});

async function placeFiles(ctx: StepContext): Promise<void> {
  const placed = new Map<string, string>();
  for (const source of ctx.sources) {
    const name = basename(source.original);
    const other = placed.get(name);
    if (other !== undefined) {
      throw new StepError(
        'BAD_OPTION',
        `files: ${other} and ${source.original} have the same name; they are placed side by side`,
      );
    }
    placed.set(name, source.original);
    await copyFile(source.path, join(ctx.folder, name));
    const mode = (await stat(source.original).catch(() => undefined))?.mode ?? 0;
    if ((mode & 0o100) !== 0) await chmod(join(ctx.folder, name), 0o755);
  }
}

async function environmentOf(options: Options, ctx: StepContext): Promise<Record<string, string>> {
  const passed = (options.pass_env ?? []).flatMap((name) => {
    const value = ctx.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const inputs = Object.entries(ctx.inputs).flatMap(([step, { outputs }]) =>
    Object.entries(outputs).map(
      ([output, { path }]) =>
        [`BUILDER_INPUT_${step.toUpperCase()}_${output.toUpperCase()}`, path] as const,
    ),
  );
  const temporary = join(ctx.folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  return {
    PATH: ctx.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: ctx.env['HOME'] ?? ctx.folder,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    TMPDIR: temporary,
    ...Object.fromEntries([...passed, ...inputs]),
    BUILDER_RUN_ID: ctx.runId,
    BUILDER_STEP: ctx.step,
    BUILDER_ATTEMPT: String(ctx.attempt),
    ...options.env,
  };
}

/** A warning, nothing, or the error that the exit code means. */
function judge(options: Options, ended: Ended, tail: readonly string[]): string | undefined {
  const { code, signal } = ended;
  const said = tail.length === 0 ? '' : `\nlast lines of stderr:\n${tail.join('\n')}`;
  if (code === null) throw new Error(`the command was killed by ${signal ?? 'a signal'}${said}`);
  const meaning = options.exit_codes?.[String(code)] ?? (code === 0 ? 'ok' : 'retry');
  const program = options.command?.[0] ?? 'the script';
  switch (meaning) {
    case 'ok':
      return undefined;
    case 'warn':
      return `exit code ${code}`;
    case 'fail':
      throw new StepError('COMMAND_FAILED', `${program} ended with exit code ${code}${said}`);
    case 'retry':
      if (options.command !== undefined && (code === 127 || code === 126)) {
        const why =
          code === 127 ? 'was not found on the PATH of the worker' : 'may not be executed';
        throw new StepError('COMMAND_FAILED', `${program} ${why}${said}`);
      }
      throw new Error(`${program} ended with exit code ${code}${said}`);
  }
}

async function outputsOf(options: Options, ctx: StepContext): Promise<Record<string, StepOutput>> {
  const outputs: Record<string, StepOutput> = {};
  for (const [name, { path, format }] of Object.entries(options.outputs ?? {})) {
    const absolute = resolve(ctx.folder, path);
    const info = await stat(absolute).catch(() => undefined);
    if (info === undefined || relative(ctx.folder, absolute).startsWith('..')) {
      throw new StepError(
        'OUTPUT_MISSING',
        `the command did not write ${path}, its output '${name}'`,
      );
    }
    outputs[name] = {
      path: absolute,
      format: format ?? (info.isDirectory() ? 'tree' : formatOf(path)),
    };
  }
  return outputs;
}

function formatOf(path: string): Format {
  const extension = extname(path).slice(1).toLowerCase();
  if (extension === 'ndjson') return 'jsonl';
  return FORMATS.find((format) => format === extension) ?? 'file';
}

async function valuesOf(options: Options, ctx: StepContext): Promise<Record<string, Scalar>> {
  if (options.values === undefined) return {};
  const text = await readFile(join(ctx.folder, options.values), 'utf8').catch(() => undefined);
  if (text === undefined) {
    throw new StepError(
      'OUTPUT_MISSING',
      `the command did not write ${options.values}, its values`,
    );
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new StepError(
      'BAD_INPUT_DATA',
      `${options.values} is not JSON: ${(error as Error).message}`,
    );
  }
  const isMapping = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  const entries = isMapping ? Object.entries(parsed as Record<string, unknown>) : [];
  if (!isMapping || entries.some(([, value]) => typeof value === 'object' && value !== null)) {
    throw new StepError(
      'BAD_INPUT_DATA',
      `${options.values} must hold one mapping of names to numbers, texts or booleans`,
    );
  }
  if (entries.length > MAX_VALUES) {
    throw new StepError(
      'OUTPUT_TOO_LARGE',
      `${options.values} holds ${entries.length} values; at most ${MAX_VALUES} are allowed`,
    );
  }
  return Object.fromEntries(entries) as Record<string, Scalar>;
}
