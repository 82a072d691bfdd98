/** The rules of `check.table` as its options hold them, and what each is called. Pure. */

import type { Sql } from '../../model/attempt-inputs.ts';
import type { Scalar } from '../../model/plan.ts';

/** Names of columns, or names with their types; null is any type. */
export type Contract = readonly string[] | Readonly<Record<string, string | null>>;

export type Rule = {
  readonly name?: string;
  readonly severity: 'fail' | 'warn';
  /** Only rows for which it is true are judged. */
  readonly where?: Sql;
  /** Rows that may break the rule: a number, or a share such as "0.5%". */
  readonly at_most?: number | string;
  readonly not_null?: readonly string[];
  readonly not_empty?: readonly string[] | true;
  readonly unique?: readonly string[];
  readonly accepted_values?: { readonly column: string; readonly values: readonly Scalar[] };
  readonly range?: { readonly column: string; readonly min?: Scalar; readonly max?: Scalar };
  readonly pattern?: { readonly column: string; readonly regex: string };
  readonly relationships?: { readonly column: string; readonly to: string; readonly field: string };
  readonly expression?: Sql;
  readonly row_count?: { readonly min?: number; readonly max?: number; readonly max_drop?: number };
  readonly columns?: { readonly exact?: Contract; readonly at_least?: Contract };
  readonly freshness?: { readonly column: string; readonly max_age: string };
  readonly same_as?: {
    readonly table: string;
    readonly by: 'rows' | 'row_count';
    readonly columns?: readonly string[];
  };
  readonly sql?: Sql;
};

export const RULES = Object.freeze([
  'not_null',
  'not_empty',
  'unique',
  'accepted_values',
  'range',
  'pattern',
  'relationships',
  'expression',
  'row_count',
  'columns',
  'freshness',
  'same_as',
  'sql',
] as const);

export type RuleKind = (typeof RULES)[number];

/** Which of RULES a rule is. Of several, or of none, the schema has complained. */
export function kindOf(rule: Partial<Record<RuleKind, unknown>>): RuleKind {
  return RULES.find((each) => rule[each] !== undefined) ?? 'sql';
}

/** What each rule is called: its own name, else one made of what it says, numbered where it stands twice. */
export function namesOfRules(rules: readonly Rule[]): ReadonlyMap<Rule, string> {
  const taken = new Set(rules.flatMap(({ name }) => name ?? []));
  return new Map(
    rules.map((rule) => {
      if (rule.name !== undefined) return [rule, rule.name];
      const plain = plainName(rule);
      let name = plain;
      for (let i = 2; taken.has(name); i += 1) name = `${plain} ${i}`;
      taken.add(name);
      return [rule, name];
    }),
  );
}

function plainName(rule: Rule): string {
  const kind = kindOf(rule);
  const list = (names: readonly string[]): string => `${kind}(${names.join(', ')})`;
  switch (kind) {
    case 'not_null':
    case 'unique':
      return list(rule[kind] ?? []);
    case 'not_empty':
      return rule.not_empty === true ? kind : list(rule.not_empty ?? []);
    case 'accepted_values':
    case 'range':
    case 'pattern':
    case 'freshness':
      return `${kind}(${rule[kind]?.column})`;
    case 'relationships': {
      const { column, to, field } = rule.relationships!;
      return `${kind}(${column} -> ${to}.${field})`;
    }
    case 'same_as':
      return `${kind}(${rule.same_as?.table})`;
    case 'expression':
    case 'row_count':
    case 'columns':
    case 'sql':
      return kind;
  }
}

/** Names of the values that hold the newest moment of each freshness rule, by its place among the rules. */
export function newestNames(rules: readonly Rule[]): ReadonlyMap<Rule, string> {
  const fresh = rules.filter((rule) => rule.freshness !== undefined);
  return new Map(fresh.map((rule, i) => [rule, i === 0 ? 'newest' : `newest_${i + 1}`]));
}
