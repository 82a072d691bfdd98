/** Resolves the options of one step: references, queries, tables and paths, then the kind's own schema. Pure. */

import { MAIN_OUTPUT } from '../model/plan.ts';
import {
  concatOf,
  isConcat,
  isRef,
  itemFieldOf,
  itemNamed,
  mentionOf,
  piecesOf,
  refTo,
  sqlOf,
} from '../model/plan-nodes.ts';
import { mapScalars, settledScalar } from './located.ts';
import { hasRole } from './option-roles.ts';
import { replaceReferences, resolveReference } from './replace.ts';
import { ROOTS } from './scope.ts';
import { withItemNodes, withItemTexts } from './item-texts.ts';
import { shapeOf } from './shape-problems.ts';
import { readSql } from './sql-text.ts';

import type { Problem } from '../model/errors.ts';
import type { KindSpec } from './kind-spec.ts';
import type { Located, LocatedMap, Path, Place } from './located.ts';
import type { Json } from '../model/plan.ts';
import type { SqlPart } from '../model/plan-nodes.ts';
import type { Query } from './query.ts';
import type { Replacing, StepUse } from './replace.ts';
import type { Scope } from './scope.ts';

/** A table named in an option: `output` is undefined for the main one. */
export type TableUse = {
  readonly at: Place;
  readonly step: string;
  readonly output: string | undefined;
};
export type PathUse = { readonly at: Place; readonly path: string };

export type ResolvedOptions = {
  /** Undefined: a problem says why. */
  readonly options: Json | undefined;
  readonly problems: readonly Problem[];
  readonly uses: readonly StepUse[];
  readonly tables: readonly TableUse[];
  /** Absolute paths and globs that must exist. */
  readonly paths: readonly PathUse[];
  /** Names that queries mention, lower case. */
  readonly names: ReadonlySet<string>;
  readonly queries: readonly Query[];
};

type Scalars = Extract<Located, { kind: 'scalar' }>;

const TABLE = /^([a-z][a-z0-9_]{0,62})(?:\.([A-Za-z_][A-Za-z0-9_-]*))?$/;
const ALL = new Set(ROOTS);

/** Resolves what stands under `with`. An unknown kind (`spec` undefined) only has its references checked. */
export function resolveOptions({
  id,
  spec,
  located,
  at,
  scope,
  resolvePath,
}: {
  readonly id: string;
  readonly spec: KindSpec | undefined;
  readonly located: LocatedMap;
  /** Where a missing option is reported. */
  readonly at: Place;
  readonly scope: Scope;
  readonly resolvePath: (relative: string) => string;
}): ResolvedOptions {
  const problems: Problem[] = [];
  const uses: StepUse[] = [];
  const tables: TableUse[] = [];
  const paths: PathUse[] = [];
  const names = new Set<string>();
  const queries: Query[] = [];

  const change = (written: Scalars, path: Path): Located => {
    const text = spec !== undefined && hasRole(spec, 'texts', path) ? written.written : undefined;
    const settled =
      text === undefined ? settledScalar(written, problems) : { ...written, value: text };
    if (settled.kind !== 'scalar') return settled;
    const scalar = settled;
    if (spec === undefined) {
      return replaceReferences(scalar, { scope, allowed: ALL, problems, uses });
    }
    if (hasRole(spec, 'sql', path) && typeof scalar.value === 'string') {
      return replaceSql(
        scalar,
        scalar.value,
        { scope, problems, uses, allowed: ALL },
        {
          names,
          found: (query) => queries.push({ path: path.join('.'), ...query }),
        },
      );
    }
    const allowsSecrets = hasRole(spec, 'secrets', path);
    const replaced = replaceReferences(scalar, {
      scope,
      allowed: ALL,
      problems,
      uses,
      ...(!allowsSecrets && { noSecrets: secretPlaces(spec) }),
    });
    if (hasRole(spec, 'tables', path)) return asTable(replaced, tables, uses);
    if (hasRole(spec, 'paths', path)) return asPath(replaced, paths, resolvePath);
    return replaced;
  };

  const replaced = mapScalars(located, change);
  if (spec === undefined)
    return { options: undefined, problems, uses, tables, paths, names, queries };
  const what = `step '${id}' (${spec.kind})`;
  const shape = shapeOf(spec.schema, replaced, { what, code: 'BAD_OPTION', at });
  // Where an option takes no value of a run, it may still take one that each item writes in its place.
  const written =
    shape.problems.length === 0 || (scope.item ?? scope.nested) === undefined
      ? shape
      : shapeOf(spec.schema, withItemTexts(replaced), { what, code: 'BAD_OPTION', at });
  problems.push(...(written.problems.length === 0 ? [] : shape.problems));
  const options =
    problems.length === 0 && written.value !== undefined
      ? withItemNodes(asJson(written.value))
      : undefined;
  return { options, problems, uses, tables, paths, names, queries };
}

function secretPlaces(spec: KindSpec): string {
  const places = spec.roles?.secrets ?? [];
  return places.length > 0
    ? `${spec.kind} takes secrets in: ${places.join(', ')}`
    : `${spec.kind} takes no secrets`;
}

/** A query always becomes a node of the plan: text, and values that will be bound. */
function replaceSql(
  scalar: Scalars,
  text: string,
  how: Replacing,
  { names, found: tell }: { names: Set<string>; found: (query: Omit<Query, 'path'>) => void },
): Located {
  const refuse = (at: Place, message: string): void => {
    how.problems.push({ code: 'BAD_REFERENCE', ...at, message });
  };
  const sql = readSql(text);
  for (const name of sql.names) names.add(name);
  const parts: SqlPart[] = [];
  const starts: number[] = [];
  let failed = false;
  const push = (part: SqlPart, i: number): void => {
    parts.push(part);
    starts.push(sql.starts[i] ?? 0);
  };
  for (const [i, part] of sql.parts.entries()) {
    if (typeof part === 'string') {
      push(part, i);
      continue;
    }
    const at = scalar.marks[part.mark] ?? scalar.at;
    if ('quoted' in part) {
      refuse(
        at,
        'a reference in a query is a bound value and cannot stand inside quotes; leave them out',
      );
      failed = true;
      continue;
    }
    const noSecrets = 'a query would show it; pass it to exec.command by its environment';
    const found = resolveReference(part, at, { ...how, noSecrets });
    if (found === undefined) failed = true;
    else if (found.kind === 'value') {
      if ('names' in part && part.names[0] === 'inputs') {
        refuse(
          at,
          'a query cannot read files; collect the input with collect.files and name that step',
        );
      }
      push({ value: found.value, ...(found.type === undefined ? {} : { type: found.type }) }, i);
    } else if (found.kind === 'step' && found.part === 'outputs') {
      const table = found.name === 'table' ? found.step : `${found.step}.${found.name}`;
      refuse(
        at,
        `in a query a needed step is a table; write ${table} and list the step under needs`,
      );
    } else if (found.kind === 'step') push(refTo(found), i);
    else if (found.kind === 'given') {
      const mention = isRef(found.node) ? mentionOf(found.node) : undefined;
      if (isRef(found.node) && mention?.part !== 'outputs') push(found.node, i);
      else {
        const what = mention === undefined ? 'a text that is put together' : 'a file';
        refuse(
          at,
          `params.${found.name} is ${what} when the step runs, and a query takes single values; give it one`,
        );
        failed = true;
      }
    } else if (found.kind === 'item') push(itemNamed(found.field), i);
  }
  if (failed) return { kind: 'hole', at: scalar.at };
  if (parts.some((part) => typeof part !== 'string') && isBlank(parts)) {
    refuse(scalar.marks[0] ?? scalar.at, 'a query cannot be a reference; only values in it can');
  }
  const plain = parts.every((part) => typeof part === 'string') ? parts.join('') : undefined;
  // An empty query stays text, for the kind's schema to refuse.
  if (plain !== undefined && plain.trim() === '') return scalar;
  tell({ parts, starts, placeIn: scalar.placeIn ?? (() => scalar.at) });
  return { kind: 'node', at: scalar.at, value: sqlOf(parts) };
}

function isBlank(parts: readonly unknown[]): boolean {
  return parts.every((part) => typeof part !== 'string' || part.trim() === '');
}

/** Notes the step a table belongs to; `${{ steps.x.outputs.y }}` is another way to write `x.y`. */
function asTable(located: Located, tables: TableUse[], uses: readonly StepUse[]): Located {
  if (located.kind === 'node') {
    const found = isRef(located.value) ? mentionOf(located.value) : undefined;
    if (found?.part !== 'outputs') return located;
    const { step, name } = found;
    const at = uses.at(-1)?.at ?? located.at;
    tables.push({ at, step, output: name });
    const value = name === MAIN_OUTPUT ? step : `${step}.${name}`;
    return { kind: 'scalar', at: located.at, value, marks: [] };
  }
  const match =
    located.kind === 'scalar' && typeof located.value === 'string'
      ? TABLE.exec(located.value)
      : null;
  if (match !== null) tables.push({ at: located.at, step: match[1]!, output: match[2] });
  return located;
}

function asPath(
  located: Located,
  paths: PathUse[],
  resolvePath: (relative: string) => string,
): Located {
  if (located.kind === 'scalar' && typeof located.value === 'string' && located.value !== '') {
    const path = resolvePath(located.value);
    paths.push({ at: located.at, path });
    return { ...located, value: path, marks: [] };
  }
  if (located.kind !== 'node') return located;
  const pieces = isConcat(located.value)
    ? piecesOf(located.value)
    : isRef(located.value)
      ? [located.value]
      : [];
  const [first, ...rest] = pieces;
  if (isRef(first) && itemFieldOf(first) !== undefined) {
    return { ...located, value: concatOf([resolvePath('_').slice(0, -1), ...pieces]) };
  }
  if (typeof first !== 'string') return located;
  // Only the beginning is known; the letter keeps a slash at its end from being trimmed.
  const start = resolvePath(`${first}_`).slice(0, -1);
  return { ...located, value: concatOf([start, ...rest]) };
}

/** The value as JSON says it: without keys that are undefined. */
function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? {})) as Json;
}
