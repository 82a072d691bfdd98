/** Says what differs between what two results of a step were made of. Pure. */

import { canonicalJson } from '../model/canonical.ts';
import { isNodeKey, piecesOf } from '../model/plan-nodes.ts';

import type { Json } from '../model/plan.ts';

/** One difference. `before` is absent for what is new, `after` for what is gone. */
export type Change = {
  readonly part: 'kind' | 'version' | 'option' | 'source' | 'input' | 'reuse';
  /** Dotted path of an option, name of a file, `step.output`; empty where the part says it all. */
  readonly name: string;
  readonly before?: Json;
  readonly after?: Json;
};

/**
 * Every difference between two sets of ingredients (see `fingerprintOf`), in a fixed order; empty where
 * they are equal. Takes what a store holds, of whatever age: what it does not know counts as absent.
 */
export function explainChange(before: unknown, after: unknown): readonly Change[] {
  const [old, now] = [fields(before), fields(after)];
  return [
    ...(['kind', 'version'] as const).flatMap((part) => one(part, '', old[part], now[part])),
    ...compare('option', '', old['options'], now['options']),
    ...sourceChanges(old['sources'], now['sources']),
    ...inputChanges(fields(old['inputs']), fields(now['inputs'])),
    ...one('reuse', '', old['salt'], now['salt']),
  ];
}

/** A change as one line for people. */
export function changeText(change: Change): string {
  const { before, after } = change;
  const verb = before === undefined ? 'is new' : after === undefined ? 'is gone' : 'changed';
  return TEXTS[change.part](change, verb);
}

const TEXTS: Readonly<Record<Change['part'], (change: Change, verb: string) => string>> = {
  kind: ({ before, after }) => `kind: ${shown(before)} -> ${shown(after)}`,
  version: ({ before, after }) => `the kind's version: ${shown(before)} -> ${shown(after)}`,
  option: ({ name, before, after }, verb) =>
    verb === 'changed'
      ? `option ${name}: ${shownPair(before, after).join(' -> ')}`
      : `option ${name} ${verb}: ${shown(before ?? after)}`,
  source: ({ name }, verb) =>
    name === '' ? 'the files come in another order' : `source file ${name} ${verb}`,
  input: ({ name }, verb) => `input ${name} ${verb}`,
  reuse: (_change, verb) =>
    verb === 'is gone' ? 'its result may now be reused' : 'its result is kept for one run only',
};

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonicalJson(a) === canonicalJson(b);
}

function one(part: Change['part'], name: string, before: unknown, after: unknown): Change[] {
  if (isSame(before, after)) return [];
  return [
    {
      part,
      name,
      ...(before === undefined ? {} : { before: plain(before) }),
      ...(after === undefined ? {} : { after: plain(after) }),
    },
  ];
}

function plain(value: unknown): Json {
  const json: Json = JSON.parse(canonicalJson(value));
  return json;
}

/** Goes as deep as both sides have mappings or lists of one length, so that the path is exact. */
function compare(part: Change['part'], path: string, before: unknown, after: unknown): Change[] {
  if (isSame(before, after)) return [];
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
  if (isFields(before) && isFields(after) && !isNode(before) && !isNode(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].toSorted().flatMap((key) => compare(part, at(key), before[key], after[key]));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, i) => compare(part, at(String(i)), item, after[i]));
  }
  return one(part, path, before, after);
}

/** A query, a reference and the like are one value to a person, not a mapping. */
function isNode(value: Fields): boolean {
  return Object.keys(value).some(isNodeKey);
}

function sourceChanges(before: unknown, after: unknown): Change[] {
  const [old, now] = [byName(before), byName(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].toSorted();
  const changes = names.flatMap((name) => one('source', name, old.get(name), now.get(name)));
  // Same files in another order still give another fingerprint.
  return changes.length > 0 ? changes : one('source', '', before, after);
}

/** Hashes of the files of each name: one name may come from two folders. */
function byName(sources: unknown): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const source of Array.isArray(sources) ? sources : []) {
    const { name, sha256 } = fields(source);
    found.set(String(name), [...(found.get(String(name)) ?? []), String(sha256)]);
  }
  return found;
}

function inputChanges(before: Fields, after: Fields): Change[] {
  const steps = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return steps.flatMap((step) => {
    const [old, now] = [fields(before[step]), fields(after[step])];
    const outputs = [...new Set([...Object.keys(old), ...Object.keys(now)])].toSorted();
    if (outputs.length === 0) return one('input', step, before[step], after[step]);
    return outputs.flatMap((output) => one('input', `${step}.${output}`, old[output], now[output]));
  });
}

const LONGEST_SHOWN = 60;

function shown(value: Json | undefined): string {
  const text = textOf(value);
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN - 3)}...`;
}

/** Two long values by what surrounds their first difference: their beginnings may be the same. */
function shownPair(before: Json | undefined, after: Json | undefined): readonly string[] {
  const [a, b] = [textOf(before), textOf(after)];
  if (Math.max(a.length, b.length) <= LONGEST_SHOWN) return [a, b];
  let first = 0;
  while (first < a.length && a[first] === b[first]) first += 1;
  const from = Math.max(0, first - 15);
  return [a, b].map((text) => {
    const part = text.slice(from, from + LONGEST_SHOWN);
    return `${from > 0 ? '...' : ''}${part}${from + LONGEST_SHOWN < text.length ? '...' : ''}`;
  });
}

/** A query reads as it was written, as far as it can. */
function textOf(value: Json | undefined): string {
  if (!isFields(value)) return JSON.stringify(value) ?? 'nothing';
  const parts = piecesOf(value);
  if (parts === undefined) return canonicalJson(value);
  return parts
    .map((part) => {
      if (typeof part === 'string') return part;
      return isFields(part) && 'value' in part
        ? JSON.stringify(part['value'])
        : canonicalJson(part);
    })
    .join('')
    .replaceAll(/\s+/g, ' ');
}
