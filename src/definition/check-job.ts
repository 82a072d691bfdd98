/** Checks a job file: its shape, its references, the values of its parameters, its inputs. Pure. */

import { jobSchema } from './job.ts';
import { hookProblems } from './check-hooks.ts';
import { checkPartition } from './check-partition.ts';
import { checkSchedule } from './check-schedule.ts';
import { child, entriesOf, mapScalars, settled, textOf } from './located.ts';
import { listIn, resolveParams } from './params.ts';
import { replaceReferences } from './replace.ts';
import { shapeOf } from './shape-problems.ts';
import { sourceOf } from './source.ts';

import type { CheckInput } from './check-input.ts';
import type { CheckedPartition } from './check-partition.ts';
import type { Problem } from '../model/errors.ts';
import type { SqlType } from '../model/plan-nodes.ts';
import type { Job, ParamType } from './job.ts';
import type { Located, LocatedMap, Path } from './located.ts';
import type { PathUse } from './options.ts';
import type { Params } from './params.ts';
import type { Root, Scope } from './scope.ts';

export type CheckedJob = {
  readonly job: Job | undefined;
  /** Undefined if the file is not one mapping: then nothing is known of its params and inputs. */
  readonly root: LocatedMap | undefined;
  readonly params: Params['params'];
  /** What references in the profile can name; its steps are added later. */
  readonly scope: Scope;
  /** How the job is cut, and what of it is made. */
  readonly cut: CheckedPartition;
  readonly paths: readonly PathUse[];
  readonly problems: readonly Problem[];
  /** What is right, and may surprise. */
  readonly remarks: readonly string[];
  /** Most copies of one key of the file. */
  readonly copies: number;
};

/** A date is text everywhere but in a query. */
const SQL_TYPE_OF: Readonly<Partial<Record<ParamType, SqlType>>> = Object.freeze({
  integer: 'BIGINT',
  number: 'DOUBLE',
  date: 'DATE',
});

const NONE: ReadonlySet<Root> = new Set();
const IN_DEFAULTS: ReadonlySet<Root> = new Set(['job', 'run', 'partition'] as const);
const IN_PATHS: ReadonlySet<Root> = new Set(['params', 'job', 'run', 'partition'] as const);

/** The job, or what is wrong with it. `copy` chooses among values of a key that stands twice. */
export function checkJob(input: CheckInput, copy: number): CheckedJob {
  const { job: file, given, resolvePath } = input;
  const source = sourceOf(file, copy);
  const problems: Problem[] = [...source.problems];
  const whole = source.root === undefined ? undefined : settled(source.root, problems);
  const root = whole?.kind === 'map' ? whole : undefined;
  if (source.root !== undefined && root === undefined) {
    const message = 'a job file is a mapping; expected keys such as job, params and inputs';
    problems.push({ code: 'WRONG_TYPE', ...source.root.at, message });
  }

  const cut = checkPartition(root, input.start, input.partition);
  const due = checkSchedule(root, cut);
  problems.push(...cut.problems, ...due.problems);
  const base: Scope = {
    params: new Map(),
    types: new Map(),
    inputs: new Map(),
    job: textOf(child(root, 'job')),
    date: cut.date,
    partition: cut.partition,
    steps: new Set(),
  };
  const withDefaults = replaced(root, base, problems, (path) => path[0] === 'params');
  const { params, problems: wrongParams } = resolveParams(child(withDefaults, 'params'), given);
  if (root !== undefined) problems.push(...wrongParams);
  const scope: Scope = {
    ...base,
    params: new Map([...params].map(([name, { value }]) => [name, value])),
    lists: new Map(
      [...params].flatMap(([name, { type, value }]) =>
        type === 'list'
          ? [[name, typeof value === 'string' ? listIn(value) : undefined] as const]
          : [],
      ),
    ),
    types: new Map(
      [...params].flatMap(([name, { type }]) => {
        const inSql = type === undefined ? undefined : SQL_TYPE_OF[type];
        return inSql === undefined ? [] : [[name, inSql] as const];
      }),
    ),
  };
  const resolved = replaced(withDefaults, scope, problems, (path) => path[0] !== 'params');
  const shape = resolved === undefined ? undefined : shapeOf(jobSchema, resolved, { what: '' });
  problems.push(...(shape?.problems ?? []), ...hookProblems(child(root, 'hooks')));

  const paths: PathUse[] = [];
  const inputs = new Map<string, string | undefined>();
  for (const [name, { value }] of entriesOf(child(resolved, 'inputs'))) {
    inputs.set(name, inputPath(value, paths, resolvePath));
  }
  return {
    job: shape?.value,
    root,
    params,
    scope: { ...scope, inputs },
    cut,
    paths,
    problems,
    remarks: due.remarks,
    copies: source.copies,
  };
}

function replaced(
  root: Located | undefined,
  scope: Scope,
  problems: Problem[],
  wanted: (path: Path) => boolean,
): Located | undefined {
  if (root === undefined) return undefined;
  return mapScalars(root, (scalar, path) => {
    // Those of hooks are looked up when one is sent.
    if (path.at(-1) === 'description' || path[0] === 'hooks' || !wanted(path)) return scalar;
    return replaceReferences(scalar, { scope, allowed: allowedAt(path), problems, uses: [] });
  });
}

function allowedAt(path: Path): ReadonlySet<Root> {
  if (path.length === 3 && path[0] === 'params' && path[2] === 'default') return IN_DEFAULTS;
  if (path.length === 3 && path[0] === 'inputs' && path[2] === 'path') return IN_PATHS;
  return NONE;
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
