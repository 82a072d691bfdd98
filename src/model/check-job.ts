/** Checks a job file: its shape, its parameters' values, its inputs. Pure. */

import { child, entriesOf, mapScalars, textOf } from './located.ts';
import { jobSchema } from './job.ts';
import { resolveParams } from './params.ts';
import { replaceReferences } from './replace.ts';
import { shapeOf } from './shape-problems.ts';
import { readSource } from './source.ts';

import type { CheckInput } from './check.ts';
import type { Problem } from './errors.ts';
import type { Job } from './job.ts';
import type { Located } from './located.ts';
import type { PathUse } from './options.ts';
import type { Params } from './params.ts';
import type { Scope } from './scope.ts';

export type CheckedJob = {
  readonly job: Job | undefined;
  readonly params: Params['params'];
  /** What references in the profile can name; its steps are added later. */
  readonly scope: Scope;
  readonly paths: readonly PathUse[];
  readonly problems: readonly Problem[];
};

const STATIC = new Set(['params', 'job', 'run'] as const);

/** The job, or what is wrong with it. */
export function checkJob(input: CheckInput): CheckedJob {
  const { job: file, given, date, resolvePath } = input;
  const source = readSource(file.path, file.text);
  const problems: Problem[] = [...source.problems];
  const root = source.root;
  const { params, problems: wrongParams } = resolveParams(child(root, 'params'), given);
  const before: Scope = {
    params: new Map([...params].map(([name, param]) => [name, param.value])),
    inputs: new Map(),
    job: textOf(child(root, 'job')),
    date,
    steps: new Set(),
  };
  const replaced =
    root === undefined
      ? undefined
      : mapScalars(root, (scalar, path) =>
          path[0] === 'params'
            ? scalar
            : replaceReferences(scalar, { scope: before, allowed: STATIC, problems, uses: [] }),
        );
  const shape =
    replaced === undefined
      ? { value: undefined, problems: [] }
      : shapeOf(jobSchema, replaced, { what: '' });
  problems.push(...shape.problems, ...wrongParams);
  for (let copy = 1; copy < source.copies; copy += 1) {
    const other = readSource(file.path, file.text, copy).root;
    if (other !== undefined) problems.push(...shapeOf(jobSchema, other, { what: '' }).problems);
  }

  const paths: PathUse[] = [];
  const inputs = new Map<string, string | undefined>();
  for (const [name, { value }] of entriesOf(child(replaced, 'inputs'))) {
    inputs.set(name, inputPath(value, paths, resolvePath));
  }
  return { job: shape.value, params, scope: { ...before, inputs }, paths, problems };
}

function inputPath(
  located: Located,
  paths: PathUse[],
  resolvePath: (relative: string) => string,
): string | undefined {
  const written = child(located, 'path');
  const text = textOf(written);
  if (written === undefined || text === undefined || text === '') return undefined;
  const path = resolvePath(text);
  paths.push({ at: written.at, path });
  return path;
}
