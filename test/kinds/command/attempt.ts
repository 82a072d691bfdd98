/** An attempt folder as the runner lays it out, and a context that remembers what was logged. */

import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { makeFence } from '../../../src/activities/fence.ts';
import { makeRedactor } from '../../../src/activities/redactor.ts';
import { execCommand } from '../../../src/kinds/exec-command.ts';

import type {
  AnyStepDefinition,
  StepContext,
  StepDefinition,
  StepReturn,
} from '../../../src/kinds/contract.ts';

export type Attempt = {
  readonly root: string;
  readonly attemptsRoot: string;
  readonly context: StepContext;
  readonly logged: readonly string[];
};

/** Gives `work` a fresh attempt, and removes everything afterwards. `files` are staged as sources. */
export async function withAttempt<T>(
  work: (attempt: Attempt) => Promise<T>,
  {
    files = [],
    secrets = [],
    ...changes
  }: Partial<StepContext> & {
    readonly files?: readonly string[];
    readonly secrets?: readonly string[];
  } = {},
): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'builder-exec-'));
  const attemptsRoot = join(root, 'attempts');
  const folder = join(attemptsRoot, 'run-1', 'score.1-1');
  mkdirSync(folder, { recursive: true });
  const logged: string[] = [];
  const redactor = makeRedactor(secrets);
  const context: StepContext = {
    runId: 'run-1',
    step: 'score',
    attempt: 1,
    folder,
    inputs: {},
    sources: files.map((original, n) => {
      const path = join(folder, 'sources', String(n), basename(original));
      mkdirSync(join(folder, 'sources', String(n)), { recursive: true });
      copyFileSync(original, path);
      return { original, path, sha256: '', bytes: 0 };
    }),
    signal: new AbortController().signal,
    fence: makeFence({ folder: () => folder, attemptsRoot, run: 'run-1', step: 'score' }),
    limits: { memoryBytes: 1e9, threads: 1 },
    previousRows: {},
    env: { PATH: process.env['PATH'] },
    log: (line) => logged.push(redactor.text(line)),
    redact: (text) => redactor.text(text),
    redactStream: () => redactor.stream(),
    keepFile: async () => '',
    ...changes,
  };
  try {
    return await work({ root, attemptsRoot, context, logged });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** A kind with its options type back, as the runner sees it. */
export function asKind(definition: AnyStepDefinition): StepDefinition<unknown> {
  return definition;
}

/** Runs a kind with options as a profile holds them. */
export async function runKind(
  definition: AnyStepDefinition,
  options: unknown,
  context: StepContext,
): Promise<StepReturn> {
  return asKind(definition).run(definition.schema.parse(options), context);
}

/** Runs a script by `exec.command` in an attempt of its own. */
export async function shell(
  script: string,
  options: object = {},
  changes: Parameters<typeof withAttempt>[1] = {},
): Promise<Attempt & { readonly returned: StepReturn }> {
  return withAttempt(
    async (attempt) => ({
      ...attempt,
      returned: await runKind(execCommand, { shell: script, ...options }, attempt.context),
    }),
    changes,
  );
}
