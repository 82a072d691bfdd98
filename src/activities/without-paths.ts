/** Where a file lies is not what it holds: options that are paths are known by their content. Pure. */

import type { Json } from '../model/json.ts';

type Tree = { readonly [key: string]: Json };

/**
 * The options without those that the patterns name as paths, and with everything that stands beside them. A list of
 * paths, or a choice of one path and a list, goes as a whole: `files.*` and `files` drop `files`.
 */
export function withoutPaths(options: Json, patterns: readonly string[]): Json {
  return patterns
    .map((pattern) => pattern.replace(/(\.\*)+$/, '').split('.'))
    .reduce((rest, place) => without(rest, place), options);
}

function without(value: Json, [key = '', ...deeper]: readonly string[]): Json {
  if (Array.isArray(value)) {
    return value.map((item: Json, i) =>
      key === '*' || key === String(i) ? without(item, deeper) : item,
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as Tree).flatMap(([name, item]): [string, Json][] => {
    if (key !== '*' && key !== name) return [[name, item]];
    return deeper.length === 0 ? [] : [[name, without(item, deeper)]];
  });
  return Object.fromEntries(entries);
}
