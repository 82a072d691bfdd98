/** What an expression says, from its syntax tree: the metrics it names. Pure. */

import { parser } from '@prometheus-io/lezer-promql';

export type PromqlNode = { readonly name: string; readonly from: number; readonly to: number };

/** Every node of the syntax tree, outer ones first. @throws Error where the text is no PromQL. */
export function nodesOf(expr: string): readonly PromqlNode[] {
  const nodes: PromqlNode[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, from, to, type }) => {
      if (type.isError) throw new Error(`no PromQL at '${expr.slice(from)}' in: ${expr}`);
      nodes.push({ name, from, to });
    },
  });
  return nodes;
}

/** Names of the metrics that an expression selects; those behind a pattern are taken from `known`. */
export function metricsOf(expr: string, known: Iterable<string>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { name, from, to } of nodesOf(expr)) {
    const text = expr.slice(from, to);
    if (name === 'Identifier') names.add(text);
    if (name !== 'UnquotedLabelMatcher') continue;
    const pattern = /^__name__\s*=~\s*"(.*)"$/.exec(text)?.[1];
    if (pattern === undefined) continue;
    const whole = new RegExp(`^(?:${pattern})$`);
    for (const candidate of known) if (whole.test(candidate)) names.add(candidate);
  }
  return names;
}
