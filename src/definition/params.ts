/** Gives the parameters of a job their values: the command line first, then defaults. Pure. */

import { child, entriesOf, itemsOf, textOf } from './located.ts';
import { exactNumber } from '../model/exact-number.ts';
import { foundText } from './issue-text.ts';
import { linearPattern } from '../model/linear-pattern.ts';
import { didYouMean } from '../model/suggest.ts';

import type { ParamType } from './job.ts';
import type { Problem } from '../model/errors.ts';
import type { Located, Place } from './located.ts';
import type { Scalar } from '../model/plan.ts';

export type Param = {
  /** Undefined: there is none, or it is wrong; a problem says so. */
  readonly value: Scalar | undefined;
  readonly from: Place | '--param';
  /** Undefined: it has none that is known. */
  readonly type?: ParamType;
};

export type Params = {
  readonly params: ReadonlyMap<string, Param>;
  readonly problems: readonly Problem[];
};

/** What a value of a type is, for messages. */
export const TYPE_WORDS: Readonly<Record<ParamType, string>> = Object.freeze({
  string: 'text',
  integer: 'a whole number up to 9007199254740991',
  number: 'a number that can be kept exactly',
  boolean: 'true or false',
  date: 'a date as YYYY-MM-DD',
  list: 'a list of texts without commas in them',
});

/**
 * Values of all parameters. `located` is the `params` mapping of a job, references already replaced;
 * `given` are the texts of `--param name=text`. Parameters whose shape is wrong get no value.
 */
export function resolveParams(
  located: Located | undefined,
  given: Readonly<Record<string, string>>,
): Params {
  const problems: Problem[] = [];
  const params = new Map<string, Param>();
  for (const [name, { key, value }] of entriesOf(located)) {
    const type = textOf(child(value, 'type')) as ParamType | undefined;
    if (type === undefined || !Object.hasOwn(TYPE_WORDS, type)) {
      params.set(name, { value: undefined, from: key });
      continue;
    }
    const rules = new Rules(name, type, value);
    problems.push(...rules.problems);
    const text = Object.hasOwn(given, name) ? given[name] : undefined;
    const fallback = defaultOf(rules, value, problems);
    if (text !== undefined) {
      const parsed = parseGiven(text, type);
      const wrong = rules.wrong(parsed) ?? undefined;
      if (wrong !== undefined) problems.push(badParam(name, `'${text}' ${wrong}`));
      params.set(name, { value: wrong === undefined ? parsed : undefined, from: '--param', type });
    } else {
      params.set(name, { value: fallback, from: child(value, 'default')?.at ?? key, type });
      if (child(value, 'default') === undefined) {
        problems.push({
          code: 'BAD_PARAM',
          ...key,
          message: `the parameter '${name}' has no value; it has no default, so each run must give one`,
          hint: `Give --param ${name}=..., or add a default.`,
        });
      }
    }
  }
  for (const name of Object.keys(given)) {
    if (params.has(name)) continue;
    const known = [...params.keys()];
    const message = `the job has no parameter '${name}'; ${
      known.length > 0 ? `it has ${known.join(', ')}` : 'it has none'
    }`;
    problems.push(badParam(name, message, didYouMean(name, known)));
  }
  return { params, problems };
}

function badParam(name: string, message: string, hint?: string): Problem {
  const base = { code: 'BAD_PARAM', file: `--param ${name}`, line: 0, column: 0, message } as const;
  return hint === undefined ? base : { ...base, hint };
}

function defaultOf(rules: Rules, definition: Located, problems: Problem[]): Scalar | undefined {
  const located = asOneText(rules.type, child(definition, 'default'));
  if (located?.kind !== 'scalar' || located.value === null) return undefined;
  const wrong = rules.wrong(located.value);
  if (wrong === undefined) return located.value;
  const code = isOfType(located.value, rules.type) ? 'BAD_VALUE' : 'WRONG_TYPE';
  const message = `the default of '${rules.name}': ${foundText(located)}, which ${wrong}`;
  problems.push({ code, ...located.at, message });
  return undefined;
}

/** A list as its one text; what is no list of texts stays, to be refused. */
function asOneText(type: ParamType, located: Located | undefined): Located | undefined {
  if (type !== 'list' || located?.kind !== 'list') return located;
  const texts = located.items.map(textOf);
  if (texts.some((text) => text === undefined || text.includes(','))) {
    return { kind: 'scalar', at: located.at, value: false, marks: [] };
  }
  return { kind: 'scalar', at: located.at, value: texts.join(','), marks: [] };
}

/** The texts of a parameter that is a list. */
export function listIn(text: string): readonly string[] {
  return text.split(',').map((each) => each.trim());
}

/** The rules of one parameter: they must fit its type, and then its values must fit them. */
class Rules {
  readonly name: string;
  readonly type: ParamType;
  readonly problems: Problem[] = [];
  readonly #bounds = new Map<'min' | 'max', Scalar>();
  readonly #enum: readonly Scalar[] | undefined;
  readonly #pattern: { readonly source: string; test(text: string): boolean } | undefined;

  constructor(name: string, type: ParamType, definition: Located) {
    this.name = name;
    this.type = type;
    const ordered = type === 'integer' || type === 'number' || type === 'date';
    for (const key of ['min', 'max'] as const) {
      const bound = child(definition, key);
      if (bound?.kind !== 'scalar') continue;
      if (!ordered) this.#refuse(key, bound, 'BAD_VALUE', 'only integer, number and date have one');
      else if (isOfType(bound.value, type)) this.#bounds.set(key, bound.value);
      else this.#refuse(key, bound, 'WRONG_TYPE', `expected ${TYPE_WORDS[type]}`);
    }
    const [min, max] = [this.#bounds.get('min'), this.#bounds.get('max')];
    if (min !== undefined && max !== undefined && min! > max!) {
      this.#refuse('min', child(definition, 'min')!, 'BAD_VALUE', `it is above 'max' (${max})`);
    }
    const pattern = child(definition, 'pattern');
    if (pattern !== undefined && type !== 'string' && type !== 'list') {
      this.#refuse('pattern', pattern, 'BAD_VALUE', 'only string and list have one');
    } else if (textOf(pattern) !== undefined) {
      const read = linearPattern(textOf(pattern)!);
      if (read.wrong === undefined) this.#pattern = { test: read.test, source: textOf(pattern)! };
      else this.#refuse('pattern', pattern!, 'BAD_VALUE', read.wrong);
    }
    const listed = itemsOf(child(definition, 'enum'));
    for (const item of listed) {
      if (item.kind === 'scalar' && !isOfType(item.value, type === 'list' ? 'string' : type)) {
        this.#refuse('enum', item, 'WRONG_TYPE', `expected ${TYPE_WORDS[type]}`);
      }
    }
    this.#enum =
      listed.length > 0
        ? listed.flatMap((item) => (item.kind === 'scalar' ? [item.value] : []))
        : undefined;
  }

  #refuse(key: string, located: Located, code: 'BAD_VALUE' | 'WRONG_TYPE', why: string): void {
    const message = `'${key}' of the parameter '${this.name}' (${this.type}): ${foundText(located)}; ${why}`;
    this.problems.push({ code, ...located.at, message });
  }

  /** Why a value is not allowed, as the end of a sentence; undefined when it is. */
  wrong(value: Scalar | undefined): string | undefined {
    if (value === undefined || !isOfType(value, this.type)) {
      return `is not of its type ${this.type}; expected ${TYPE_WORDS[this.type]}`;
    }
    const [min, max] = [this.#bounds.get('min'), this.#bounds.get('max')];
    if (min !== undefined && value! < min!) return `is too small; expected at least ${min}`;
    if (max !== undefined && value! > max!) return `is too large; expected at most ${max}`;
    if (this.type === 'list') return this.#wrongInList(listIn(String(value)));
    if (this.#enum !== undefined && !this.#enum.includes(value)) {
      return `is not allowed; allowed: ${this.#enum.join(', ')}`;
    }
    if (this.#pattern !== undefined && !this.#pattern.test(String(value))) {
      return `does not match its pattern ${this.#pattern.source}`;
    }
    return undefined;
  }

  /** Each text of it must be allowed. */
  #wrongInList(texts: readonly string[]): string | undefined {
    if (texts.includes('')) return 'has an empty text in it';
    const stranger = texts.find((text) => this.#enum?.includes(text) === false);
    if (stranger !== undefined) {
      return `has '${stranger}' in it; allowed: ${this.#enum?.join(', ')}`;
    }
    const misfit = texts.find((text) => this.#pattern?.test(text) === false);
    if (misfit === undefined) return undefined;
    return `has '${misfit}' in it, which does not match its pattern ${this.#pattern?.source}`;
  }
}

/** True for a value that a parameter of this type may have. */
export function isOfType(value: Scalar, type: ParamType): boolean {
  switch (type) {
    case 'string':
    case 'list':
      return typeof value === 'string';
    case 'integer':
      return Number.isSafeInteger(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'date':
      return typeof value === 'string' && isDate(value);
  }
}

/** True for a day of the calendar, YYYY-MM-DD. */
export function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

/** The value of a command line text; undefined when it cannot be one of the type. */
function parseGiven(text: string, type: ParamType): Scalar | undefined {
  if (type === 'string' || type === 'date' || type === 'list') return text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  return exactNumber(text);
}
