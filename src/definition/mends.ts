/** What to write where something of another form stands: the mend that newcomers need, ready to be copied. Pure. */

import { DURATION_PATTERN, LONGEST_DURATION } from '../model/duration.ts';
import { itemsOf } from './located.ts';

import type { Located, Path } from './located.ts';

/** What a mapping could be made of, by its key or by `parent.*`. */
const AS_MAPPING: Readonly<Record<string, (found: Found) => string | undefined>> = Object.freeze({
  retry: ({ text, isNumber }) =>
    isNumber ? `{ attempts: ${text} }` : text === undefined ? undefined : '{ attempts: 1 }',
  alert: ({ text }) => text && `{ p95: ${text} }`,
  budgets: ({ text }) => text && `{ wall: ${text} }`,
  partition: ({ text }) => text && `{ by: ${text} }`,
  schedule: ({ text }) =>
    text && (/^\d+\w+$/.test(text) ? `{ every: ${text} }` : `{ cron: '${text}' }`),
  foreach: ({ text, items, located }) =>
    located.kind === 'list'
      ? `{ in: ${items} }`
      : `{ in: ${text !== undefined && /^\w+$/.test(text) ? text : '[a, b]'} }`,
  steps: ({ located }) =>
    located.kind === 'list' ? 'each step under its id: { clean: { uses: ... } }' : undefined,
  with: () => 'each option under its name: { sql: select 1 }',
  'steps.*': ({ text }) =>
    `{ uses: ${text !== undefined && /^[a-z]+\.[a-z]+$/.test(text) ? text : '...'}, with: { ... } }`,
  'params.*': ({ text }) =>
    text && (TYPES.has(text) ? `{ type: ${text} }` : `{ type: string, default: ${quoted(text)} }`),
  params: ({ located }) =>
    located.kind === 'list' ? 'each under its name: { country: { type: string } }' : undefined,
  'inputs.*': ({ text }) => text && `{ path: ${quoted(text)} }`,
  outputs: ({ text }) => text && `{ table: { path: ${quoted(text)} } }`,
  'outputs.*': ({ text }) => text && `{ path: ${quoted(text)} }`,
  columns: ({ located }) =>
    located.kind === 'list'
      ? `each with its type: { ${itemsOf(located).map(wordOf).join(': VARCHAR, ')}: VARCHAR }`
      : undefined,
  env: ({ located }) => (located.kind === 'list' ? '{ NAME: value }' : undefined),
  'checks.*': ({ text }) => text && 'a rule and what it judges: { not_null: [id] }',
});
const DURATION = new RegExp(DURATION_PATTERN);
const TYPES = new Set(['string', 'integer', 'number', 'boolean', 'date', 'list']);
/** Conditions that somebody wrote as code. */
const CODE = /[<>=]|\b(and|or|not)\b/i;

const UNIT_WORDS = [
  [/^(ms|msecs?|millis|milliseconds?)$/i, 'ms'],
  [/^(s|secs?|seconds?)$/i, 's'],
  [/^(m|mins?|minutes?)$/i, 'm'],
  [/^(h|hrs?|hours?)$/i, 'h'],
  [/^(d|days?)$/i, 'd'],
  [/^(w|wks?|weeks?)$/i, 'w'],
] as const;

type Found = {
  readonly located: Located;
  /** Of a scalar its letters. */
  readonly text: string | undefined;
  readonly isNumber: boolean;
  /** Of a list of scalars the list as it could stand in a line. */
  readonly items: string;
};

/** A sentence; undefined where nobody can tell what was meant. `expected` is the word of the schema. */
export function mendOf(path: Path, expected: string, located: Located): string | undefined {
  const found = foundIn(located);
  if (path.at(-1) === 'when') return conditionMend(found);
  if (path.at(-1) === 'in' && path.at(-2) === 'foreach') {
    return found.isNumber ? 'Write the items themselves, such as [1, 2, 3].' : undefined;
  }
  const [only, ...others] = itemsOf(located);
  if (expected === 'string' && only?.kind === 'scalar' && others.length === 0) {
    return `Write ${wordOf(only)}, without brackets.`;
  }
  if (expected === 'array') return listMend(path, found);
  if (expected !== 'object' && expected !== 'record') return undefined;
  const names = [`${String(path.at(-2))}.*`, String(path.at(-1))];
  const name = names.find((each) => Object.hasOwn(AS_MAPPING, each));
  const mend = name === undefined ? undefined : AS_MAPPING[name]?.(found);
  return mend === undefined || mend === '' ? undefined : `Write ${mend}.`;
}

/** `10 minutes` was meant as `10m`. */
export function durationMend(text: string): string | undefined {
  const found = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text);
  if (found === null) {
    return /^\s*\d+\s*$/.test(text)
      ? `Write ${text.trim()}s for seconds, ${text.trim()}m for minutes.`
      : undefined;
  }
  if (/^[a-z]+$/.test(found[2]!) && DURATION.test(text))
    return `The longest is ${LONGEST_DURATION}.`;
  const unit = UNIT_WORDS.find(([words]) => words.test(found[2]!))?.[1];
  if (unit === undefined) return undefined;
  const amount = unit === 'w' ? Number(found[1]) * 7 : found[1];
  return `Did you mean '${amount}${unit === 'w' ? 'd' : unit}'?`;
}

/** `needs: src` was meant as `needs: [src]`. */
function listMend(path: Path, { text, located }: Found): string | undefined {
  if (path.at(-1) === 'checks') return 'Write a list of rules: [{ not_null: [id] }].';
  if (located.kind !== 'scalar' || text === undefined || text.trim() === '') return undefined;
  const isPlain = /^[^'"\\$|&;<>*?`]*$/.test(text);
  if (path.at(-1) === 'command') {
    const words = isPlain ? `[${text.trim().split(/\s+/).map(quoted).join(', ')}]` : undefined;
    const shell = 'a line for a shell stands under `shell`';
    return words === undefined
      ? `Write each argument by itself, [program, argument]; ${shell}.`
      : `Write ${words}; ${shell}.`;
  }
  return `Write [${text
    .split(',')
    .map((word) => quoted(word.trim()))
    .join(', ')}].`;
}

function conditionMend({ text, isNumber }: Found): string | undefined {
  if (text === undefined) return undefined;
  if (/^(yes|on)$/i.test(text)) return 'Write true.';
  if (/^(no|off)$/i.test(text)) return 'Write false.';
  if (isNumber || CODE.test(text)) {
    return "Write a comparison: { value: '${{ params.x }}', above: 3 }.";
  }
  return undefined;
}

function foundIn(located: Located): Found {
  const text = located.kind === 'scalar' && located.value !== null ? wordOf(located) : undefined;
  return {
    located,
    text,
    isNumber: located.kind === 'scalar' && typeof located.value === 'number',
    items: `[${itemsOf(located)
      .map((item) => quoted(wordOf(item)))
      .join(', ')}]`,
  };
}

function wordOf(located: Located): string {
  return located.kind === 'scalar' ? (located.written ?? String(located.value)) : '...';
}

/** As YAML takes it inside brackets. */
function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "''")}'`;
}
