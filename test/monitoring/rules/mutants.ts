/**
 * Small changes to a rule, each of which a good test notices: comparisons flipped, arms dropped, windows and numbers
 * changed, labels and matchers left out, `for` removed. Pure.
 */

import { parser } from '@prometheus-io/lezer-promql';

import type { Rule } from './rule-files.ts';

/** A changed rule; `what` says the change in a form that stays the same while the rule does. */
export type Mutant = { readonly what: string; readonly rule: Rule };

type Node = ReturnType<(typeof parser)['parse']>['topNode'];
type Edit = {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  /** In words, where the texts are too long to tell. */
  readonly what?: string;
};

const FLIPPED: Readonly<Record<string, string>> = {
  Gtr: '<=',
  Lss: '>=',
  Gte: '<',
  Lte: '>',
  EqlC: '!=',
  Neq: '==',
};
const OTHER_AGGREGATION: Readonly<Record<string, string>> = { Max: 'min', Min: 'max', Sum: 'max' };
const SET_OPERATORS = new Set(['And', 'Or', 'Unless']);

/** Every mutant of a rule. */
export function mutantsOf(rule: Rule): readonly Mutant[] {
  const mutants: Mutant[] = editsOf(rule.expr).map((edit) => ({
    what: describe(rule.expr, edit),
    rule: {
      ...rule,
      expr: rule.expr.slice(0, edit.from) + edit.text + rule.expr.slice(edit.to),
    },
  }));
  const { for: wait, keep_firing_for: keep, ...bare } = rule;
  if (wait !== undefined) {
    mutants.push({ what: 'for removed', rule: { ...rule, for: '0s' } });
    mutants.push({ what: 'for x4', rule: { ...rule, for: longer(wait) } });
  }
  if (keep !== undefined) {
    const rest = wait === undefined ? bare : { ...bare, for: wait };
    mutants.push({ what: 'keep_firing_for removed', rule: rest });
  }
  return mutants;
}

function editsOf(expr: string): readonly Edit[] {
  const edits: Edit[] = [];
  parser.parse(expr).iterate({ enter: ({ node }) => void edits.push(...editsAt(node, expr)) });
  return edits;
}

function editsAt(node: Node, expr: string): readonly Edit[] {
  const text = (part: Node): string => expr.slice(part.from, part.to);
  const replace = (part: Node, by: string): Edit => ({ from: part.from, to: part.to, text: by });
  const flipped = FLIPPED[node.name];
  // The operators of matchers have the same names.
  if (node.parent?.name === 'BinaryExpr' && flipped !== undefined) return [replace(node, flipped)];
  switch (node.name) {
    case 'BinaryExpr': {
      const operator = children(node).find(({ name }) => SET_OPERATORS.has(name));
      const [left, right] = [node.firstChild, node.lastChild];
      if (operator === undefined || left === null || right === null) return [];
      const word = text(operator);
      const withoutRight = {
        ...replace(node, text(left)),
        what: `without '${word} ${text(right)}'`,
      };
      const withoutLeft = {
        ...replace(node, text(right)),
        what: `without '${text(left)} ${word}'`,
      };
      return operator.name === 'Or' ? [withoutRight, withoutLeft] : [withoutRight];
    }
    case 'OffsetExpr': {
      const now = node.firstChild;
      return now === null ? [] : [replace(node, text(now))];
    }
    case 'AggregateOp': {
      const other = OTHER_AGGREGATION[node.firstChild?.name ?? ''];
      return other === undefined ? [] : [replace(node, other)];
    }
    case 'GroupingLabels':
    case 'LabelMatchers': {
      const parts = children(node).filter(({ name }) => /^LabelName|Matcher$/.test(name));
      // A selector without a name keeps its last matcher: without it, it is no PromQL.
      if (node.name === 'LabelMatchers' && node.prevSibling === null && parts.length === 1)
        return [];
      const [open, close] = node.name === 'LabelMatchers' ? ['{', '}'] : ['(', ')'];
      return parts.map((left) =>
        replace(
          node,
          open +
            parts
              .filter((part) => part.from !== left.from)
              .map(text)
              .join(', ') +
            close,
        ),
      );
    }
    case 'NumberDurationLiteral': {
      const value = Number(text(node));
      if (value === 0) return [replace(node, '1')];
      return [replace(node, String(value * 2)), replace(node, String(value / 2))];
    }
    case 'NumberDurationLiteralInDurationContext':
      return [replace(node, longer(text(node))), replace(node, shorter(text(node)))];
    default:
      return [];
  }
}

function children(node: Node): readonly Node[] {
  const found: Node[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) found.push(child);
  return found;
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Four times a duration such as "14d". */
function longer(text: string): string {
  return `${secondsIn(text) * 4}s`;
}

/** A quarter of it. */
function shorter(text: string): string {
  return `${Math.ceil(secondsIn(text) / 4)}s`;
}

function secondsIn(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) throw new Error(`no simple duration: ${text}`);
  return Number(count) * SECONDS[unit as keyof typeof SECONDS];
}

/** The change and the line it is on, with white space folded. */
function describe(expr: string, { from, to, text, what }: Edit): string {
  const fold = (part: string): string => part.replaceAll(/\s+/g, ' ').trim();
  const line = expr.slice(0, from).split('\n').length;
  return `line ${line}: ${fold(what ?? `${expr.slice(from, to)} -> ${text}`)}`;
}
