/** Columns of a table held against a contract: shared by the check that runs and by what is known before. Pure. */

import type { Column } from '../../model/column.ts';
import type { Contract } from './rule.ts';

/**
 * What is wrong, in words. Names are the same without regard to case, as in SQL; a type that is null is any. The table's
 * type may be unknown (undefined): then it has no say.
 */
export function contractTrouble(
  wanted: readonly (readonly [name: string, type: string | null])[],
  isExact: boolean,
  columns: readonly { readonly name: Column['name']; readonly type: Column['type'] | undefined }[],
): string | undefined {
  const has = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const missing = wanted.filter(([name]) => !has.has(name.toLowerCase())).map(([name]) => name);
  const differs = wanted.flatMap(([name, type]) => {
    const found = has.get(name.toLowerCase());
    if (found?.type === undefined || type === null || found.type === type) return [];
    return [`${found.name} is ${found.type}, ${type} expected`];
  });
  const known = new Set(wanted.map(([name]) => name.toLowerCase()));
  const others = isExact ? columns.filter(({ name }) => !known.has(name.toLowerCase())) : [];
  const troubles = [
    ...(missing.length === 0 ? [] : [`there is no ${missing.join(', ')}`]),
    ...differs,
    ...(others.length === 0 ? [] : [`not expected: ${others.map(({ name }) => name).join(', ')}`]),
  ];
  return troubles.length === 0 ? undefined : troubles.join('; ');
}

/** Name and type of each column of a contract. */
export function entriesOf(contract: Contract): readonly (readonly [string, string | null])[] {
  return Array.isArray(contract)
    ? (contract as readonly string[]).map((name) => [name, null] as const)
    : Object.entries(contract as Readonly<Record<string, string | null>>);
}
