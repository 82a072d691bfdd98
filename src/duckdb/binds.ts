/** Values that enter a query, as the binding takes them. */

import { StepError } from '../model/step-error.ts';

import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type { Scalar } from '../model/plan.ts';

export type Bound = {
  readonly values?: Record<string, DuckDBValue>;
  readonly types?: Record<string, DuckDBType | undefined>;
};

/** A number from here on fits no integer of 64 bits. */
const BEYOND_BIGINT = 2 ** 63;

/**
 * The values and the types that must be named. Left alone, the binding takes a whole number of 32 bits for an INTEGER,
 * a larger one for a BIGINT, a fraction for a DOUBLE, and fails on whole numbers too large for a BIGINT: these are
 * DOUBLE as well. @throws StepError BAD_VALUE
 */
export function boundBy(binds: Readonly<Record<string, Scalar>>, double: DuckDBType): Bound {
  const entries = Object.entries(binds);
  if (entries.length === 0) return {};
  const types = entries.map(([name, value]) => {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new StepError('BAD_VALUE', `the value of ${name} is not a finite number`);
    }
    const isLarge = typeof value === 'number' && Math.abs(value) >= BEYOND_BIGINT;
    return [name, isLarge ? double : undefined] as const;
  });
  return { values: Object.fromEntries(entries), types: Object.fromEntries(types) };
}
