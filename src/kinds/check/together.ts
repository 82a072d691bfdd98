/** What is wrong with rules taken together: two of one name, a table compared with itself. Pure. */

import type { Rule } from './rule.ts';
import type { Trouble } from './sense.ts';

/** A step keeps a value for each. */
const MAX_FRESHNESS = 10;

/** Everything that is wrong with the rules for `table`, by the path inside the step's options. */
export function togetherTroubles(table: string, checks: readonly Rule[]): readonly Trouble[] {
  const seen = new Map<string, number>();
  let fresh = 0;
  return checks.flatMap((rule, i) => {
    const troubles: Trouble[] = [];
    const at = (keys: readonly string[], message: string): void => {
      troubles.push({ path: ['checks', i, ...keys], message });
    };
    const before = rule.name === undefined ? undefined : seen.get(rule.name);
    if (before !== undefined) {
      at(['name'], `check ${before + 1} is called '${rule.name}' as well; give it another name`);
    } else if (rule.name !== undefined) seen.set(rule.name, i);
    if (rule.same_as?.table === table) {
      at(['same_as', 'table'], 'a table is always the same as itself; name another one');
    }
    const { to, column, field } = rule.relationships ?? {};
    if (to === table && column?.toLowerCase() === field?.toLowerCase()) {
      at(['relationships', 'field'], 'a column always has its own values; name another one');
    }
    if (rule.freshness !== undefined && (fresh += 1) > MAX_FRESHNESS) {
      at(
        [],
        `a step has at most ${MAX_FRESHNESS} rules of freshness; put this one into a step of its own`,
      );
    }
    return troubles;
  });
}
