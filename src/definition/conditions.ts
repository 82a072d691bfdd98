/** Resolves what stands under `when` to the plan's condition. Pure. */

import { momentOf } from '../model/moment.ts';
import { RUN_STATUSES, STATUSES } from '../model/outcome.ts';
import { isRef, itemFieldOf, mentionOf, nameOf } from '../model/plan-nodes.ts';
import { didYouMean } from '../model/suggest.ts';
import { foundText } from './issue-text.ts';
import { child, entriesOf, itemsOf, mapScalars, plainOf } from './located.ts';
import { JOINTS, conditionSchema } from './profile.ts';
import { replaceReferences } from './replace.ts';
import { shapeOf } from './shape-problems.ts';

import type { Problem } from '../model/errors.ts';
import type { Located } from './located.ts';
import type { Comparison, Condition, Json } from '../model/plan.ts';
import type { StepUse } from './replace.ts';
import type { Root, Scope } from './scope.ts';

const ALLOWED: ReadonlySet<Root> = new Set(['params', 'job', 'run', 'partition', 'steps'] as const);

const WHAT_IS_COMPARED =
  'a condition compares params, job.name, run.date, partition, and values and status of steps';

/** The condition of a step; undefined where there is none or it is wrong. */
export function resolveCondition(
  id: string,
  located: Located | undefined,
  how: { readonly scope: Scope; readonly problems: Problem[]; readonly uses: StepUse[] },
): Condition | undefined {
  if (located === undefined) return undefined;
  const { problems } = how;
  const before = problems.length;
  const replaced = mapScalars(located, (scalar) => {
    const value = replaceReferences(scalar, {
      ...how,
      allowed: ALLOWED,
      noSecrets: WHAT_IS_COMPARED,
      why: WHAT_IS_COMPARED,
    });
    if (value.kind !== 'node') return value;
    const message = refusalOf(value.value);
    if (message === undefined) return value;
    problems.push({ code: 'BAD_REFERENCE', ...(scalar.marks[0] ?? scalar.at), message });
    return { kind: 'hole', at: scalar.at };
  });

  const what = `steps.${id}.when`;
  problems.push(...shapeOf(conditionSchema, withoutNodes(replaced, true), { what }).problems);
  if (problems.length > before) return undefined;
  problems.push(...pairProblems(what, replaced));
  if (problems.length > before) return undefined;
  return conditionOf(replaced);
}

/** Why a node cannot be compared; undefined: it can. */
function refusalOf(node: Json): string | undefined {
  if (!isRef(node)) return 'a condition takes one reference and nothing around it';
  if (itemFieldOf(node) !== undefined) {
    return 'a condition cannot look at an item, which is known only to the step itself; let the table of the items have no others';
  }
  const found = mentionOf(node);
  return found?.part === 'outputs'
    ? `a condition compares values, and ${nameOf(node)} is a file; use steps.${found.step}.values`
    : undefined;
}

/** For the shape alone: what a step will return may be of any type, but only where a value is compared. */
function withoutNodes(located: Located, isCompared: boolean): Located {
  if (located.kind === 'node' && isCompared) {
    return { kind: 'scalar', at: located.at, value: true, marks: [] };
  }
  if (located.kind === 'list') {
    return { ...located, items: located.items.map((item) => withoutNodes(item, isCompared)) };
  }
  if (located.kind !== 'map') return located;
  const entries = entriesOf(located).map(
    ([key, { key: at, value }]) =>
      [key, { key: at, value: withoutNodes(value, key === 'value' || isJoint(key)) }] as const,
  );
  return { ...located, entries: new Map(entries) };
}

function isJoint(key: string): boolean {
  return JOINTS.some((joint) => joint === key);
}

/** Of one that has its shape. */
function conditionOf(located: Located): Condition {
  const [all, any, not] = JOINTS.map((joint) => child(located, joint));
  if (all !== undefined) return { all: itemsOf(all).map(conditionOf) };
  if (any !== undefined) return { any: itemsOf(any).map(conditionOf) };
  if (not !== undefined) return { not: conditionOf(not) };
  const plain = plainOf(located);
  return located.kind === 'map' ? (plain as Comparison) : { value: plain as Comparison['value'] };
}

const WORDS = Object.freeze({ number: 'a number', string: 'text', boolean: 'true or false' });
const IN_ORDER: ReadonlySet<string> = new Set(['above', 'below', 'at_least', 'at_most']);
const NEVER_EQUAL: ReadonlySet<string> = new Set(['not_equals', 'not_in']);

/** Comparisons whose answer is known before anything runs: of values of two types, of a status that there is not. */
function pairProblems(what: string, when: Located): readonly Problem[] {
  const [all, any, not] = JOINTS.map((joint) => child(when, joint));
  if (not !== undefined) return pairProblems(`${what}.not`, not);
  const joint = all ?? any;
  if (joint !== undefined) {
    const name = `${what}.${all === undefined ? 'any' : 'all'}`;
    return itemsOf(joint).flatMap((item, i) => pairProblems(`${name}[${i}]`, item));
  }
  const value = child(when, 'value');
  if (value === undefined) return [];
  return entriesOf(when).flatMap(([key, entry]): readonly Problem[] => {
    if (key === 'value') return [];
    const others = entry.value.kind === 'list' ? entry.value.items : [entry.value];
    if (value.kind === 'node')
      return others.flatMap((other) => statusProblems(what, key, value, other));
    if (value.kind !== 'scalar') return [];
    const wrong = others.find(
      (other) => other.kind === 'scalar' && !canBeCompared(key, value, other),
    );
    return wrong?.kind === 'scalar' ? [pairProblem(what, key, value, wrong)] : [];
  });
}

type ScalarLocated = Extract<Located, { kind: 'scalar' }>;

function canBeCompared(key: string, value: ScalarLocated, other: ScalarLocated): boolean {
  if (key === 'matches') return typeof value.value === 'string';
  if (typeof value.value !== typeof other.value) return false;
  if (!IN_ORDER.has(key)) return true;
  return typeof value.value === 'number' || momentOf(String(value.value)) !== undefined;
}

function pairProblem(
  what: string,
  key: string,
  value: ScalarLocated,
  other: ScalarLocated,
): Problem {
  const type = typeof value.value as keyof typeof WORDS;
  const shown = `the value is ${WORDS[type]} (${String(value.value)})`;
  if (key === 'matches' || (IN_ORDER.has(key) && type !== 'number')) {
    const kind = key === 'matches' ? 'looks at text' : 'compares numbers, dates and times';
    const message = `${what}.${key}: ${shown}, and '${key}' ${kind}; the condition can never hold`;
    return { code: 'WRONG_TYPE', ...value.at, message };
  }
  const found = WORDS[typeof other.value as keyof typeof WORDS];
  const always = NEVER_EQUAL.has(key) ? 'always holds' : 'can never hold';
  const message = `${what}.${key}: ${foundText(other)}, which is ${found}, and ${shown}; the condition ${always}`;
  return { code: 'WRONG_TYPE', ...other.at, message };
}

/** A status is one of a closed set. */
function statusProblems(
  what: string,
  key: string,
  value: Extract<Located, { kind: 'node' }>,
  other: Located,
): readonly Problem[] {
  const found = isRef(value.value) ? mentionOf(value.value) : undefined;
  const isStatus = (found?.part === 'outcome' || found?.part === 'run') && found.name === 'status';
  if (!isStatus || other.kind !== 'scalar') return [];
  if (key === 'matches') return [];
  if (IN_ORDER.has(key)) {
    const message = `${what}.${key}: a status has no order; use equals, not_equals, in or not_in`;
    return [{ code: 'WRONG_TYPE', ...value.at, message }];
  }
  const text = String(other.value);
  const known: readonly string[] = found.part === 'run' ? RUN_STATUSES : STATUSES;
  if (known.includes(text)) return [];
  const hint = didYouMean(text, known);
  const message = `${what}.${key}: ${foundText(other)}; a status ${found.part === 'run' ? 'of a run ' : ''}is one of ${known.join(', ')}`;
  return [{ code: 'BAD_VALUE', ...other.at, message, ...(hint === undefined ? {} : { hint }) }];
}
