/** What a rule about rows asks of a table: the query of the rows that break it, and in words what was expected. */

import { quoteName, quoteText } from '../../duckdb/session.ts';
import { knownColumn } from '../../duckdb/columns.ts';
import { comparedAs, isAbove, isBelow, landingOf } from './landing.ts';
import { pairOf } from './pair.ts';
import { classOf, wordFor } from './type-class.ts';

import type { Column } from '../../model/column.ts';
import type { Scalar } from '../../model/plan.ts';
import type { Landing } from './landing.ts';
import type { Rule } from './rule.ts';

/** `unlike` says why the rule cannot be judged at all. `found` is the column whose values a message shows. */
export type Question =
  | { readonly query: string; readonly expected: string; readonly found?: string }
  | { readonly unlike: string };

type About = {
  /** SQL of the rows that are judged. */
  readonly from: string;
  readonly columns: readonly Column[];
  /** What the rule is called in errors. */
  readonly what: string;
  /** SQL of the other table, and its columns. */
  readonly other?: { readonly from: string; readonly columns: readonly Column[] };
  /** SQL of `expression`, in parentheses. */
  readonly expression?: string;
};

/** The question of a rule that judges rows. @throws StepError BAD_OPTION for a column that is not there */
export function questionOf(rule: Rule, about: About): Question {
  const { from, columns, what } = about;
  const known = (name: string): Column => knownColumn(name, columns, what);
  const breaking = (test: string): string => `select * from ${from} where ${test}`;
  if (rule.not_null !== undefined) {
    const test = rule.not_null.map((name) => `${quoteName(known(name).name)} is null`).join(' or ');
    return { query: breaking(test), expected: `no null in ${rule.not_null.join(', ')}` };
  }
  if (Array.isArray(rule.not_empty)) {
    const names = rule.not_empty as readonly string[];
    const test = names.map((name) => isEmpty(known(name))).join(' or ');
    return { query: breaking(test), expected: `something in every ${names.join(', ')}` };
  }
  if (rule.unique !== undefined) {
    const keys = rule.unique.map((name) => quoteName(known(name).name));
    const whole = keys.map((key) => `${key} is not null`).join(' and ');
    return {
      query: `${breaking(whole)} qualify count(*) over (partition by ${keys.join(', ')}) > 1`,
      expected: `each ${rule.unique.join(', ')} once`,
    };
  }
  if (rule.accepted_values !== undefined) {
    const { column, values } = rule.accepted_values;
    return accepted(known(column), values, breaking);
  }
  if (rule.range !== undefined) return ranged(known(rule.range.column), rule.range, breaking);
  if (rule.pattern !== undefined) {
    const { name, type } = known(rule.pattern.column);
    if (!['text', 'choice'].includes(classOf(type).kind)) {
      return {
        unlike: `column '${name}' is ${wordFor(type)}, and a pattern is for text; use range or accepted_values, or cast it in a query before`,
      };
    }
    const regex = quoteText(rule.pattern.regex);
    const test = `not regexp_matches(cast(${quoteName(name)} as varchar), ${regex})`;
    return { query: breaking(test), expected: `${name} like ${rule.pattern.regex}`, found: name };
  }
  if (rule.relationships !== undefined) {
    return related(known(rule.relationships.column), rule.relationships, about);
  }
  return { query: breaking(`not ${about.expression}`), expected: 'the expression to be true' };
}

function isEmpty({ name, type }: Column): string {
  const column = quoteName(name);
  const empty = /\]$|^MAP\(/.test(type)
    ? `len(${column}) = 0`
    : type === 'BLOB'
      ? `octet_length(${column}) = 0`
      : type === 'JSON'
        ? `cast(${column} as varchar) in ('null', '""', '[]', '{}')`
        : classOf(type).kind === 'text' || classOf(type).kind === 'choice'
          ? `regexp_full_match(cast(${column} as varchar), '[\\s\\pZ]*')`
          : 'false';
  return `(${column} is null or ${empty})`;
}

function accepted(
  { name, type }: Column,
  values: readonly Scalar[],
  breaking: (test: string) => string,
): Question {
  const landings = values.map((value) => landingOf(value, name, type));
  const bad = landings.find((landing) => 'unlike' in landing);
  if (bad !== undefined && 'unlike' in bad) return bad;
  const places = landings.flatMap((each) => ('at' in each && each.exact ? [each.at] : []));
  const column = quoteName(name);
  const test =
    places.length === 0 ? 'true' : `${comparedAs(column, type)} not in (${places.join(', ')})`;
  return {
    query: breaking(`${column} is not null and ${test}`),
    expected: `${name} one of ${values.slice(0, 10).map(show).join(', ')}${values.length > 10 ? ', ...' : ''}`,
    found: name,
  };
}

function ranged(
  { name, type }: Column,
  { min, max }: NonNullable<Rule['range']>,
  breaking: (test: string) => string,
): Question {
  const column = comparedAs(quoteName(name), type);
  const tests: string[] = [];
  for (const [bound, outside] of [[min, isBelow] as const, [max, isAbove] as const]) {
    if (bound === undefined) continue;
    const landing: Landing = landingOf(bound, name, type);
    if ('unlike' in landing) return landing;
    tests.push(outside(column, landing));
  }
  const ends = [
    ...(min === undefined ? [] : [`at least ${show(min)}`]),
    ...(max === undefined ? [] : [`at most ${show(max)}`]),
  ];
  return {
    query: breaking(tests.map((test) => `(${test})`).join(' or ')),
    expected: `${name} ${ends.join(' and ')}`,
    found: name,
  };
}

function related(
  { name, type }: Column,
  { to, field }: NonNullable<Rule['relationships']>,
  { from, other, what }: About,
): Question {
  const target = knownColumn(field, other?.columns ?? [], `${what}: ${to}`);
  const pair = pairOf(
    { name: `column '${name}'`, type },
    { name: `${to}.${target.name}`, type: target.type },
  );
  if ('unlike' in pair) return pair;
  const column = `t.${quoteName(name)}`;
  const match = `${pair.right(`o.${quoteName(target.name)}`)} = ${pair.left(column)}`;
  return {
    query: `select * from ${from} as t where ${column} is not null and not exists (select 1 from ${other?.from} as o where ${match})`,
    expected: `every ${name} to be a ${to}.${target.name}`,
    found: name,
  };
}

function show(value: Scalar): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
