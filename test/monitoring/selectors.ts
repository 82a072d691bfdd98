/** What a PromQL expression says about itself, without a server: its selectors, their surroundings, the labels it keeps. */

import { parser } from '@prometheus-io/lezer-promql';

type Node = ReturnType<typeof parser.parse>['topNode'];

export type Selector = {
  /** Name of the metric; of a selector by `__name__`, its pattern. */
  readonly metric: string;
  readonly matchers: readonly {
    readonly label: string;
    readonly op: string;
    readonly value: string;
  }[];
  /** `5m` of `[5m]`; absent where it is read at one moment. */
  readonly window?: string;
  /** Functions and aggregations around it, the nearest first: `rate`, `sum`. */
  readonly within: readonly string[];
};

export type Quantile = {
  /** Whether a comparison right around it drops NaN. */
  readonly guarded: boolean;
};

/**
 * A variable of Grafana inside a duration is no PromQL. This gives the parser a stand-in that it takes, so that sources
 * can be read as they stand in the file; `[$window]` comes out as `[111y]`.
 */
const STAND_INS: Readonly<Record<string, string>> = Object.freeze({
  $__rate_interval: '110y',
  $window: '111y',
  $__range: '112y',
  $__interval_ms: '1131',
  $__interval: '113y',
});

/** @throws Error where the expression is not PromQL, with the text around the place. */
export function parsed(expr: string): { readonly text: string; readonly root: Node } {
  const text = Object.entries(STAND_INS).reduce((t, [name, way]) => t.replaceAll(name, way), expr);
  const root = parser.parse(text).topNode;
  root.cursor().iterate(({ type, from, to }) => {
    if (!type.isError) return;
    throw new Error(`not PromQL at ${from}: ...${text.slice(Math.max(0, from - 40), to + 40)}...`);
  });
  return { text, root };
}

/** Every selector of an expression as it stands in the file, variables included. */
export function selectorsOf(expr: string): readonly Selector[] {
  const { text, root } = parsed(expr);
  const found: Selector[] = [];
  root.cursor().iterate(({ node }) => {
    if (node.name !== 'VectorSelector') return;
    const range = node.parent?.name === 'MatrixSelector' ? node.parent.lastChild : undefined;
    const matchers = matchersOf(text, node);
    const pattern = matchers.find(({ label }) => label === '__name__')?.value ?? '';
    found.push({
      metric: textOf(text, node.getChild('Identifier')) || pattern,
      matchers: matchers.filter(({ label }) => label !== '__name__'),
      ...(range ? { window: variableOf(textOf(text, range)) } : {}),
      within: surroundings(text, node),
    });
  });
  return found;
}

/** Every `histogram_quantile` of an expression. */
export function quantilesOf(expr: string): readonly Quantile[] {
  const { text, root } = parsed(expr);
  const found: Quantile[] = [];
  root.cursor().iterate(({ node }) => {
    if (node.name !== 'FunctionCall' || nameOf(text, node) !== 'histogram_quantile') return;
    found.push({ guarded: node.parent?.getChild('Gte') != null });
  });
  return found;
}

/** What stands below each `/` of an expression. */
export function divisorsOf(expr: string): readonly string[] {
  const { text, root } = parsed(expr);
  const found: string[] = [];
  root.cursor().iterate(({ node }) => {
    if (node.name === 'BinaryExpr' && node.getChild('Div')) {
      found.push(textOf(text, node.lastChild));
    }
  });
  return found;
}

/**
 * Labels that every result of the expression has, given those of a metric. Where two sides are joined by `or`, only the
 * labels of both count. Undefined for a number, which has none and takes none away.
 */
export function labelsKept(
  expr: string,
  labelsOf: (metric: string) => readonly string[],
): ReadonlySet<string> | undefined {
  const { text, root } = parsed(expr);
  const kept = (node: Node | null): ReadonlySet<string> | undefined => {
    if (node === null) return undefined;
    switch (node.name) {
      case 'VectorSelector':
        return new Set(labelsOf(textOf(text, node.getChild('Identifier'))));
      case 'AggregateExpr': {
        const modifier = node.getChild('AggregateModifier');
        // The greatest of what is there, as they are.
        if (nameOf(text, node) === 'topk') return kept(node.lastChild);
        if (modifier === null) return new Set();
        if (modifier.getChild('By') === null) throw new Error(`only "by" is read: ${expr}`);
        const inner = kept(node.lastChild) ?? new Set();
        return new Set(grouping(text, modifier).filter((label) => inner.has(label)));
      }
      case 'FunctionCall': {
        const inner = kept(node.lastChild);
        if (nameOf(text, node) !== 'histogram_quantile' || inner === undefined) return inner;
        return new Set([...inner].filter((label) => label !== 'le'));
      }
      case 'BinaryExpr':
        return keptByBinary(node);
      default: {
        const children = childrenOf(node).map(kept);
        return children.find((labels) => labels !== undefined);
      }
    }
  };
  const keptByBinary = (node: Node): ReadonlySet<string> | undefined => {
    const left = kept(node.firstChild);
    const right = kept(node.lastChild);
    if (left === undefined || right === undefined) return left ?? right;
    if (node.getChild('Or')) return new Set([...left].filter((label) => right.has(label)));
    if (node.getChild('And') ?? node.getChild('Unless')) return left;
    const matching = node.getChild('MatchingModifierClause');
    if (matching?.getChild('GroupRight')) return right;
    const many = matching === null || matching.getChild('GroupLeft') !== null;
    return many ? left : new Set(grouping(text, matching));
  };
  return kept(root);
}

function surroundings(text: string, node: Node): readonly string[] {
  const names: string[] = [];
  for (let at = node.parent; at !== null; at = at.parent) {
    if (at.name === 'FunctionCall' || at.name === 'AggregateExpr') names.push(nameOf(text, at));
  }
  return names;
}

function matchersOf(text: string, selector: Node): Selector['matchers'] {
  const matchers = selector.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
  return matchers.map((matcher) => ({
    label: textOf(text, matcher.getChild('LabelName')),
    op: textOf(text, matcher.getChild('MatchOp')),
    value: textOf(text, matcher.getChild('StringLiteral')).slice(1, -1),
  }));
}

function grouping(text: string, node: Node): readonly string[] {
  const labels = node.getChild('GroupingLabels')?.getChildren('LabelName') ?? [];
  return labels.map((label) => textOf(text, label));
}

function childrenOf(node: Node): readonly Node[] {
  const children: Node[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

const nameOf = (text: string, call: Node): string => textOf(text, call.firstChild);

const textOf = (text: string, node: Node | null): string =>
  node === null ? '' : text.slice(node.from, node.to);

const variableOf = (duration: string): string =>
  Object.entries(STAND_INS).find(([, way]) => way === duration)?.[0] ?? duration;
