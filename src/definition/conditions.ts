/** Resolves what stands under `when` to the plan's condition. Pure. */

import { isRef, mentionOf, nameOf } from '../model/plan-nodes.ts';
import { foundText } from './issue-text.ts';
import { child, entriesOf, mapScalars, plainOf } from './located.ts';
import { conditionSchema } from './profile.ts';
import { replaceReferences } from './replace.ts';
import { shapeOf } from './shape-problems.ts';

import type { Problem } from '../model/errors.ts';
import type { Located } from './located.ts';
import type { Condition, Json } from '../model/plan.ts';
import type { StepUse } from './replace.ts';
import type { Root, Scope } from './scope.ts';

const ALLOWED: ReadonlySet<Root> = new Set(['params', 'job', 'run', 'partition', 'steps'] as const);

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
      noSecrets: 'a condition compares params, job.name, run.date, partition and values of steps',
      why: 'a condition compares params, job.name, run.date, partition and values of steps',
    });
    if (value.kind !== 'node') return value;
    const message = refusalOf(value.value);
    if (message === undefined) return value;
    problems.push({ code: 'BAD_REFERENCE', ...(scalar.marks[0] ?? scalar.at), message });
    return { kind: 'hole', at: scalar.at };
  });

  const what = `steps.${id}.when`;
  problems.push(...shapeOf(conditionSchema, withoutNodes(replaced, []), { what }).problems);
  if (problems.length > before) return undefined;
  problems.push(...pairProblems(what, replaced));
  if (problems.length > before) return undefined;
  const plain = plainOf(replaced);
  return replaced.kind === 'map' ? (plain as Condition) : { value: plain as Condition['value'] };
}

/** Why a node cannot be compared; undefined: it can. */
function refusalOf(node: Json): string | undefined {
  if (!isRef(node)) return 'a condition takes one reference and nothing around it';
  const found = mentionOf(node);
  return found?.part === 'outputs'
    ? `a condition compares values, and ${nameOf(node)} is a file; use steps.${found.step}.values`
    : undefined;
}

/** For the shape alone: what a step will return may be of any type, but only where a value is compared. */
function withoutNodes(located: Located, path: readonly string[]): Located {
  if (located.kind === 'node' && (path.length === 0 || path[0] === 'value')) {
    return { kind: 'scalar', at: located.at, value: true, marks: [] };
  }
  if (located.kind !== 'map') return located;
  const entries = [...located.entries].map(
    ([key, { key: at, value }]) =>
      [key, { key: at, value: withoutNodes(value, [...path, key]) }] as const,
  );
  return { ...located, entries: new Map(entries) };
}

const WORDS = Object.freeze({ number: 'a number', string: 'text', boolean: 'true or false' });

/** Comparisons of values of two types, whose answer is known before anything runs. */
function pairProblems(what: string, when: Located): readonly Problem[] {
  const value = child(when, 'value');
  if (value?.kind !== 'scalar') return [];
  const type = typeof value.value as keyof typeof WORDS;
  return entriesOf(when).flatMap(([key, entry]) => {
    if (key === 'value') return [];
    const wanted = key === 'above' || key === 'below' ? 'number' : undefined;
    const others = entry.value.kind === 'list' ? entry.value.items : [entry.value];
    const wrong = others.find(
      (other) => other.kind === 'scalar' && type !== (wanted ?? typeof other.value),
    );
    return [wrong].flatMap((other): readonly Problem[] => {
      if (other?.kind !== 'scalar') return [];
      const found = WORDS[typeof other.value as keyof typeof WORDS];
      const always = key === 'not_equals' ? 'always holds' : 'can never hold';
      const message =
        wanted === undefined
          ? `${what}.${key}: ${foundText(other)}, which is ${found}, and the value is ${WORDS[type]} (${String(value.value)}); the condition ${always}`
          : `${what}.${key}: the value is ${WORDS[type]} (${String(value.value)}), and '${key}' compares numbers; the condition ${always}`;
      return [{ code: 'WRONG_TYPE', ...(wanted === undefined ? other.at : value.at), message }];
    });
  });
}
